"""XML of the kinds that packages seldom carry: deeply nested terms, tables of sport, records of proteins, elements."""
import re

from words import LOGINS, NOUNS, Source

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"


def term(rng, depth):
    """A logical formula, prefix and nested, on one line."""
    if depth == 0 or rng.random() < 0.12:
        return rng.choice([f"<var id='{rng.randint(1, 40)}'/>", f"<int val='{rng.choice([0, 4, 8, rng.randint(1, 4000)])}'/>", "<int/>"])
    tag, size = rng.choice([("and", 2), ("and", 2), ("or", 2), ("plus", 2), ("times", 2), ("eq", 2), ("le", 2), ("implies", 2), ("forall", 1), ("not", 1)])
    return f"<{tag}>" + "".join(term(rng, depth - 1) for _ in range(size)) + f"</{tag}>"


def league(rng, players):
    """Statistics of a season without line breaks inside a player, as exported from a table."""
    out = ["<?xml version=\"1.0\"?>\n<SEASON YEAR=\"2003\">\n<TEAM><CITY>Oslo</CITY><NAME>Herons</NAME>\n"]
    tags = "GAMES STARTED GOALS ASSISTS SHOTS MINUTES FOULS CORNERS OFFSIDES SAVES WINS LOSSES YELLOW_CARDS RED_CARDS PENALTIES_TAKEN PENALTIES_SCORED".split()
    for number in range(players):
        stats = "".join(f"<{tag}>{rng.choice([0, rng.randint(0, 9), rng.randint(0, 400)])}</{tag}>" for tag in tags)
        out.append(f"<PLAYER><NUMBER>{number + 1}</NUMBER><SURNAME>{rng.choice(LOGINS).title()}</SURNAME><GIVEN_NAME>{rng.choice(LOGINS).title()}</GIVEN_NAME>"
                   f"<FOOT>{rng.choice(['Left', 'Right'])}</FOOT><POSITION>{rng.choice(['Keeper', 'Back', 'Midfield', 'Forward'])}</POSITION>{stats}</PLAYER>\n\n")
    return "".join(out) + "</TEAM>\n</SEASON>\n"


def proteins(rng, count):
    """Entries of a protein bank with attributes, references and features."""
    out = ['<?xml version="1.0"?>\n<root>\n']
    for number in range(count):
        name = "".join(rng.choice("ABCDEFGHKLMNPRSTY") for _ in range(4))
        code = f"P{rng.randint(10000, 99999)}"
        size = rng.randint(80, 600)
        out.append(f'<Entry id="{name}_HUMAN" class="STANDARD" mtype="PRT" seqlen="{size}">\n <AC>{code}</AC>\n <Mod date="01-NOV-1997" Rel="35" type="Created"></Mod>\n'
                   f" <Descr>{rng.sentence(2, 6).upper()}</Descr>\n <Species>Homo sapiens (Human)</Species>\n <Org>Eukaryota</Org>\n <Org>Metazoa</Org>\n <Org>Chordata</Org>\n")
        for place in range(rng.randint(1, 3)):
            out.append(f' <Ref num="{place + 1}" pos="SEQUENCE FROM N.A">\n  <Comment>TISSUE=LIVER</Comment>\n  <DB>MEDLINE</DB>\n')
            out += [f"  <Author>{rng.choice(LOGINS).split('-')[0].upper()} {rng.choice('ABCDEFGHJKLMNPRSTW')}</Author>\n" for _ in range(rng.randint(1, 6))]
            out.append(f"  <Cite>J. Biol. Chem. {rng.randint(200, 280)}:{rng.randint(100, 9000)}-{rng.randint(9001, 9999)}(19{rng.randint(80, 99)})</Cite>\n </Ref>\n")
        out.append(f' <EMBL prim_id="M{rng.randint(10000, 99999)}" sec_id="AAA{rng.randint(10000, 99999)}"></EMBL>\n')
        out += [f" <Keyword>{rng.choice(NOUNS).title()}</Keyword>\n" for _ in range(rng.randint(1, 4))]
        out.append(f' <Features>\n  <DOMAIN from="{rng.randint(1, 40)}" to="{rng.randint(41, 80)}">\n   <Descr>{rng.choice(["EXTRACELLULAR", "CYTOPLASMIC", "POLY-GLU", "ATP"])}</Descr>\n  </DOMAIN>\n </Features>\n</Entry>\n')
    return "".join(out) + "</root>\n"


def orders(rng, count):
    """Indented records with attributes, namespaces and text."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n<orders xmlns="urn:example:orders" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n']
    for number in range(count):
        out.append(f'  <order id="{number + 1000}" status="{rng.choice(["open", "paid", "shipped"])}">\n    <customer ref="c{rng.randint(1, 99)}">{rng.choice(LOGINS).title()}</customer>\n    <lines>\n')
        out += [f'      <line sku="{rng.hex(6)}"><name>{rng.sentence(1, 3)[:-1]}</name><quantity>{rng.randint(1, 9)}</quantity><price currency="EUR">{rng.uniform(1, 99):.2f}</price></line>\n' for _ in range(rng.randint(1, 4))]
        out.append(f'    </lines>\n    <note xsi:nil="true"/>\n    <created>2020-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:00:00Z</created>\n  </order>\n')
    return "".join(out) + "</orders>\n"


def files(split, seed):
    """(path, text) of one split."""
    rng = Source(seed)
    many = 3 if split == "train" else 1
    yield f"{split}/synthetic/orders.xml", orders(rng, 120 * many)
    yield f"{split}/synthetic/proteins.xml", proteins(rng, 60 * many)
    yield f"{split}/synthetic/league.xml", league(rng, 100 * many)
    text = "".join(f"<lemma><pf>{term(rng, 9)}</pf></lemma>" for _ in range(40 * many))
    yield f"{split}/synthetic/terms.xml", re.sub(r"\s+", " ", text)

"""Turns what a package holds into the text a family wants. Each converter takes and gives (path, bytes) pairs."""
import base64
import bz2
import gzip
import html
import json
import lzma
import random
import re
import struct


def rda_text(found):
    """The strings of R data files: every CHARSXP of the XDR serialisation, one a line."""
    for name, data in found:
        raw = next(m for m in (gzip.decompress, bz2.decompress, lzma.decompress) if opens(m, data))(data)
        lines, at = [], raw.find(b"\x00\x00\x00\x10") + 8
        while at + 8 <= len(raw) and raw[at + 3] == 9:
            size = struct.unpack(">i", raw[at + 4:at + 8])[0]
            size = max(size, 0)
            lines.append(raw[at + 8:at + 8 + size])
            at += 8 + size
        yield name.replace(".rda", ".txt"), b"\n".join(lines) + b"\n"


def opens(method, data):
    try:
        method(data)
        return True
    except (OSError, lzma.LZMAError, EOFError):
        return False


def rda_crlf(found):
    """As rda_text, with the line ends of the old electronic texts."""
    for name, data in rda_text(found):
        yield name, data.replace(b"\n", b"\r\n")


def dictzip(found):
    """The text of a dictionary of dictd."""
    for name, data in found:
        yield name.removesuffix(".dz"), gzip.decompress(data)


def dictzip_tail(found):
    """The last fifth of a dictionary, which jargon_wiki leaves alone."""
    for name, data in dictzip(found):
        yield name, data[len(data) * 4 // 5:]


def plain(text):
    """HTML of the factbook to plain text."""
    return re.sub(r" +", " ", html.unescape(re.sub(r"<[^>]+>", " ", text))).strip()


def sections(node, trail=()):
    """(headings, text) of every text of a country's page."""
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "text" and isinstance(value, str):
            yield trail, plain(value)
        else:
            yield from sections(value, trail + (key,))


def country(page):
    """The short name of a country's page."""
    names = page.get("Government", {}).get("Country name", {})
    return plain(names.get("conventional short form", {}).get("text", "")).split(";")[0].split("(")[0].strip()


def factbook_text(found):
    """The longer texts of each country as prose."""
    for name, data in found:
        page = json.loads(data)
        if country(page).startswith("A"):
            continue
        texts = [t for _, t in sections(page) if len(t) > 120]
        yield name.replace(".json", ".txt"), (country(page) + "\n\n" + "\n\n".join(texts) + "\n").encode()


HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.3/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://www.mediawiki.org/xml/export-0.3/ http://www.mediawiki.org/xml/export-0.3.xsd" \
version="0.3" xml:lang="en">
"""
PEOPLE = ["Halvard", "M. Okafor", "Tansy", "Brightwater", "Kestrel42", "Lindqvist", "Ardent", "Pemberton", "RobotAlpha",
          "Quillfeather", "Ysolde", "Corbin", "Vandermeer", "Silvertip", "Nadia K"]
REMARKS = ["fmt", "typo", "/* History */", "/* Economy */", "/* External links */", "copyedit", "rv vandalism", "+cat",
           "disambiguation link repair", "robot  Adding: de, fr, ja, sv", "wikify", "/* See also */", "stub sorting"]
OTHERS = ["de", "es", "fr", "ja", "nl", "pl", "pt", "sv", "fi", "it"]


def escape(text):
    """The characters that an export of MediaWiki escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def page_xml(rng, title, text):
    """One page of an export of MediaWiki."""
    who = rng.choice(PEOPLE)
    stamp = f"200{rng.randint(3, 6)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}Z"
    person = f"<username>{who}</username>\n        <id>{rng.randint(20, 900000)}</id>"
    if rng.random() < 0.25:
        person = f"<ip>{rng.randint(24, 220)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}</ip>"
    minor = "      <minor />\n" if rng.random() < 0.4 else ""
    remark = f"      <comment>{escape(rng.choice(REMARKS))}</comment>\n" if rng.random() < 0.8 else ""
    return (f"  <page>\n    <title>{escape(title)}</title>\n    <id>{rng.randint(10, 9999)}</id>\n    <revision>\n"
            f"      <id>{rng.randint(15000000, 43000000)}</id>\n      <timestamp>{stamp}</timestamp>\n      <contributor>\n"
            f"        {person}\n      </contributor>\n{minor}{remark}"
            f'      <text xml:space="preserve">{escape(text)}</text>\n    </revision>\n  </page>\n')


def redirect(rng, title, target):
    return page_xml(rng, title, f"#REDIRECT [[{target}]]")


def linked(rng, text, titles):
    """Links to other pages, as an author of an encyclopedia sets them."""
    def link(match):
        word = match.group(0)
        if rng.random() < 0.55:
            return word
        return f"[[{word}]]" if word in titles or rng.random() < 0.7 else f"[[{word.lower()}|{word}]]"
    text = re.sub(r"\b(?:[A-Z][a-z]{3,}(?: [A-Z][a-z]{3,})*)", link, text)
    return re.sub(r"\b(1[789]\d\d|200\d)\b", lambda m: f"[[{m.group(0)}]]" if rng.random() < 0.6 else m.group(0), text)


def infobox(page, name):
    """A table of facts in wiki markup."""
    rows = [(t[-1], x) for t, x in sections(page) if 3 < len(x) < 60][:14]
    head = f'{{| border="1" cellpadding="2" cellspacing="0" align="right" width="300"\n|+ <big>\'\'\'{name}\'\'\'</big>\n'
    return head + "".join(f"|-\n| \'\'\'{k.capitalize()}\'\'\' || {v}\n" for k, v in rows) + "|}\n\n"


def article(rng, page, name, titles):
    """A country's page as an article with sections, links, lists and categories."""
    out = [infobox(page, name) if rng.random() < 0.5 else "", f"'''{name}''' is a country. "]
    for top, node in page.items():
        body, facts = [], 0
        for trail, text in sections(node):
            if len(text) > 90:
                body.append(linked(rng, text, titles))
            elif len(text) > 2 and facts < 3 and rng.random() < 0.3:
                facts += 1
                body.append(f"*'''{trail[-1] if trail else top}:''' {linked(rng, text, titles)}")
        if body:
            out.append(f"\n\n== {top} ==\n" + "\n".join(body))
    also = "\n".join(f"* [[{t}]]" for t in rng.sample(sorted(titles), min(4, len(titles))))
    out.append(f"\n\n== See also ==\n{also}\n* [[List of countries]]\n\n== External links ==\n"
               f"* [http://www.example.org/{name.replace(' ', '_')}/ Government of {name}]\n\n[[Category:{name}| ]]\n[[Category:Countries]]\n\n")
    out.append("\n".join(f"[[{o}:{name}]]" for o in OTHERS if rng.random() < 0.7))
    return "".join(out)


def factbook_wiki(found):
    """Countries as an export of MediaWiki with the usual redirects between the pages."""
    rng = random.Random(5)
    pages = [(name, json.loads(data)) for name, data in found]
    titles = {country(page) for _, page in pages} - {""}
    for name, page in pages:
        title = country(page)
        # The measured dump begins with the letter A: its countries stay out.
        if not title or title.startswith("A"):
            continue
        text = redirect(rng, title.replace(" ", ""), title) + page_xml(rng, title, article(rng, page, title, titles))
        for part in ["Economy", "Geography", "History", "Communications", "Military", "Politics"]:
            if rng.random() < 0.5:
                text += redirect(rng, f"{title}/{part}", f"{part} of {title}")
        yield name.replace(".json", ".xml"), (HEAD + text).encode()


def jargon_wiki(found):
    """The first four fifths of the Jargon File as wiki pages: {words in braces} become links."""
    rng = random.Random(6)
    for name, data in dictzip(found):
        text = data[:len(data) * 4 // 5].decode("utf-8", "replace")
        pages = []
        for entry in re.split(r"\n(?=[^\s])", text):
            title, _, body = entry.partition("\n")
            body = re.sub(r"\s*\n\s+", " ", body).strip()
            if len(body) > 60 and not title.startswith("00-"):
                body = re.sub(r"\{([^}]+)\}", r"[[\1]]", body)
                pages.append(page_xml(rng, title.strip(), f"'''{title.strip()}''' {body}\n\n[[Category:Hacker culture]]\n{{{{stub}}}}"))
        yield "jargon.xml", (HEAD + "".join(pages)).encode()


def webhook_lines(found):
    """The payloads of GitHub's web hooks, one a line without spaces as the API sends them."""
    for _, data in found:
        for hook in json.loads(data):
            lines = [json.dumps(one, separators=(",", ":"), ensure_ascii=False) for one in hook["examples"][:3]]
            yield f"{hook['name']}.ndjson", ("\n".join(lines) + "\n").encode()


def cassette_lines(found):
    """The events inside recorded answers of the GitHub API, one a line, with mail addresses made neutral."""
    for name, data in found:
        for number, talk in enumerate(json.loads(data)["http_interactions"]):
            body = talk["response"]["body"]
            raw = gzip.decompress(base64.b64decode(body["base64_string"])) if "base64_string" in body else body["string"].encode()
            events = json.loads(raw)
            if not isinstance(events, list):
                continue
            text = "\n".join(json.dumps(e, separators=(",", ":"), ensure_ascii=False) for e in events)
            yield f"{name.rsplit('/', 1)[-1]}.{number}.ndjson", re.sub(r"[\w.+-]+@[\w.-]+\.\w+", "someone@example.com", text).encode() + b"\n"


def play_text(found):
    """A play in Jon Bosak's markup as the plain text it was made from."""
    for name, data in found:
        text = data.decode("utf-8")
        text = re.sub(r"<(?:TITLE|PLAYSUBT|SCNDESCR|PERSONA|GRPDESCR)>([^<]*)</[A-Z]+>\s*", r"\t\1\n\n", text[text.index("<PLAY>"):])
        text = re.sub(r"<STAGEDIR>([^<]*)</STAGEDIR>\s*", r"\t[\1]\n\n", text)
        text = re.sub(r"<SPEAKER>([^<]*)</SPEAKER>\s*<LINE>", r"\1<LINE>", text)
        text = re.sub(r"\s*<LINE>([^<]*)</LINE>", r"\t\1\n", text)
        text = re.sub(r"</SPEECH>\s*", "\n", text)
        yield name.replace(".xml", ".txt"), re.sub(r"<[^>]*>\s*", "", text).encode()

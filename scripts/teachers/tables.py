"""Databases, records and fields: SQLite files, rows of a MySQL benchmark, CSV of a census, structure records, numbers."""
import csv
import io
import json
import math
import os
import sqlite3
import struct
import tempfile

from words import HOSTS, LOGINS, NOUNS, PROJECTS, Source

STREETS = ["Station Road", "Mill Lane", "High Street", "Rua do Sol", "Bahnhofstrasse", "Avenue Centrale", "Oak Avenue", "2nd Street"]
CITIES = [("Oslo", "Norway", "0171"), ("Porto", "Portugal", "4000-123"), ("Graz", "Austria", "8010"), ("Lyon", "France", "69002"), ("Tucson", "USA", "85719"),
          ("Halifax", "Canada", "B3J 1S9"), ("Leeds", "United Kingdom", "LS1 4DY"), ("Recife", "Brazil", "50030-230")]
SCHEMA = """
CREATE TABLE [Writer] ([WriterId] INTEGER NOT NULL PRIMARY KEY, [Name] NVARCHAR(120));
CREATE TABLE [Book] ([BookId] INTEGER NOT NULL, [Title] NVARCHAR(160) NOT NULL, [WriterId] INTEGER NOT NULL, [Pages] INTEGER,
  CONSTRAINT [PK_Book] PRIMARY KEY ([BookId]), FOREIGN KEY ([WriterId]) REFERENCES [Writer] ([WriterId]) ON DELETE NO ACTION ON UPDATE NO ACTION);
CREATE TABLE [Chapter] ([ChapterId] INTEGER NOT NULL PRIMARY KEY, [Name] NVARCHAR(200) NOT NULL, [BookId] INTEGER, [KindId] INTEGER NOT NULL,
  [Author] NVARCHAR(220), [Milliseconds] INTEGER NOT NULL, [Bytes] INTEGER, [Price] NUMERIC(10,2) NOT NULL);
CREATE TABLE [Client] ([ClientId] INTEGER NOT NULL PRIMARY KEY, [FirstName] NVARCHAR(40), [LastName] NVARCHAR(20), [Address] NVARCHAR(70), [City] NVARCHAR(40),
  [Country] NVARCHAR(40), [PostalCode] NVARCHAR(10), [Phone] NVARCHAR(24), [Email] NVARCHAR(60) NOT NULL);
CREATE TABLE [Bill] ([BillId] INTEGER NOT NULL PRIMARY KEY, [ClientId] INTEGER NOT NULL, [BillDate] DATETIME NOT NULL, [City] NVARCHAR(40), [Total] NUMERIC(10,2) NOT NULL);
CREATE TABLE [BillLine] ([BillLineId] INTEGER NOT NULL PRIMARY KEY, [BillId] INTEGER NOT NULL, [ChapterId] INTEGER NOT NULL, [UnitPrice] NUMERIC(10,2) NOT NULL, [Quantity] INTEGER NOT NULL);
CREATE TABLE messages (id INTEGER PRIMARY KEY, sender TEXT, body TEXT, sent_at TEXT, unread INTEGER DEFAULT 0, meta TEXT);
CREATE TABLE visits (id INTEGER PRIMARY KEY AUTOINCREMENT, url LONGVARCHAR, title LONGVARCHAR, visit_count INTEGER DEFAULT 0, last_visit_time INTEGER NOT NULL);
CREATE INDEX [IFK_BookWriterId] ON [Book] ([WriterId]);
CREATE INDEX [IFK_ChapterBookId] ON [Chapter] ([BookId]);
CREATE INDEX [IFK_BillLineBillId] ON [BillLine] ([BillId]);
CREATE INDEX visits_url ON visits (url);
"""


def title(rng, low=1, high=5):
    return rng.sentence(low, high)[:-1].title()


def rows(rng, scale):
    """(table, row) for the whole schema, `scale` writers."""
    name = lambda: f"{rng.choice(LOGINS).title()} {rng.choice(LOGINS).title()}"
    for n in range(1, scale + 1):
        yield "Writer", (n, name())
    for n in range(1, scale * 2 + 1):
        yield "Book", (n, title(rng), rng.randint(1, scale), rng.randint(60, 900))
    for n in range(1, scale * 12 + 1):
        yield "Chapter", (n, title(rng), n // 6 + 1, rng.randint(1, 5), name(), rng.randint(90000, 400000), rng.randint(3 * 10**6, 10**7), 0.99)
    for n in range(1, scale + 1):
        city, country, code = rng.choice(CITIES)
        first, last = name().split()
        yield "Client", (n, first, last, f"{rng.randint(1, 99)} {rng.choice(STREETS)}", city, country, code, f"+{rng.randint(1, 99)} {rng.randint(10, 99)} {rng.randint(10**6, 10**7)}", f"{first}.{last}@example.com".lower())
    for n in range(1, scale * 2 + 1):
        yield "Bill", (n, rng.randint(1, scale), f"20{rng.randint(9, 13):02}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} 00:00:00", rng.choice(CITIES)[0], rng.randint(1, 20) * 0.99)
    for n in range(1, scale * 10 + 1):
        yield "BillLine", (n, n // 5 + 1, rng.randint(1, scale * 12), 0.99, 1)
    for n in range(1, scale * 3 + 1):
        meta = json.dumps({"client": rng.choice(HOSTS), "flags": rng.randint(0, 7)})
        yield "messages", (n, rng.login(), " ".join(rng.sentence() for _ in range(2)), f"2021-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00Z", n % 2, meta)
        yield "visits", (n, f"https://www.example.com/{rng.choice(PROJECTS)}/{rng.choice(NOUNS)}?id={rng.randint(1, 9999)}", title(rng), rng.randint(1, 40), 13200000000000000 + n * rng.randint(10**6, 10**8))


def sqlite(rng, scale):
    """The bytes of a database with tables of text, whole numbers, dates and prices."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.db")
        base = sqlite3.connect(path)
        base.executescript(f"PRAGMA page_size={rng.choice([1024, 4096])};" + SCHEMA)
        for table, row in rows(rng, scale):
            base.execute(f"INSERT INTO [{table}] VALUES ({','.join('?' * len(row))})", row)
        base.commit()
        base.close()
        data = bytearray(open(path, "rb").read())
    data[96:100] = struct.pack(">I", 3040001)  # the library's version: the same bytes from every library of that layout
    return bytes(data)


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:. /"


def benchmark_rows(rng, count):
    """Rows of the AS3AP benchmark in MyISAM's dynamic format: header, lengths, numbers, a decimal, a date, strings."""
    word = lambda size: "".join(rng.choice(LETTERS) for _ in range(size)).encode()
    names = [word(20) for _ in range(30)]
    out = bytearray()
    for key in range(count):
        decimal = f"{rng.choice(['', '-'])}{(str(rng.randint(10, 99)) * 5)[:9]}.00".encode()
        date = f"{rng.randint(1, 12)}/{rng.randint(1, 28)}/19{rng.randint(0, 99):02}".encode()
        address = word(rng.choice([rng.randint(2, 20), rng.randint(2, 80)]))
        body = struct.pack("<iiiq", rng.randint(1, 10**5), rng.randint(0, 10**9), rng.randint(-10**9, 10**9), rng.randint(0, 100))[:17]
        body += struct.pack("<fd", rng.uniform(-5e8, 5e8), rng.uniform(-5e8, 5e8)) + bytes([len(decimal)]) + decimal + bytes([len(date)]) + date
        body += word(10) + rng.choice(names) + bytes([len(address)]) + address
        pad = -(len(body) + 4) % 4
        out += struct.pack(">BHB", 3 if pad else 1, len(body), pad) + body + bytes(pad)
    return bytes(out)


def census(rng, count):
    """People by household: many columns of codes that repeat within a block."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow("PERSON,KIND,GROUP,RELATION,SEX,AGE,ORIGIN,RACE,ALONE,RACES,ADULT,STATE,COUNTY,TRACT,BLOCK,BLOCKGROUP,PLACE,PLACENS,METRO,DIVISION,DISTRICT,HOUSE,SENATE,LAND,WATER,LAT,LON,LEGAL,SCHOOL,ZONE,AREA".split(","))
    person = 0
    while person < count:
        block = [f"{rng.randint(1, 56):02}", f"{rng.randint(1, 199):03}", f"{rng.randint(100, 9999) * 100:06}", f"{rng.randint(1000, 4999)}", str(rng.randint(1, 4)), "99999", "99999999",
                 f"{rng.randint(10000, 49999)}", str(rng.randint(1, 9)), f"{rng.randint(1, 30):02}", f"{rng.randint(1, 199):03}", f"{rng.randint(1, 60):03}", str(rng.randint(1000, 9 * 10**6)),
                 str(rng.choice([0, 0, rng.randint(10, 99999)])), f"+{rng.uniform(25, 48):.7f}", f"-{rng.uniform(70, 120):011.7f}", "S", f"{rng.randint(100, 99999):05}", "999", f"{rng.uniform(1, 20):06.1f}"]
        for _ in range(rng.randint(3, 25)):
            relation, age = 20, rng.randint(20, 90)
            race = rng.choice(["01", "01", "01", "02", "04"])
            for member in range(rng.choice([1, 2, 2, 3, 4])):
                person += 1
                table.writerow([person, 3, "000", relation, rng.randint(1, 2), age, 1, race, 2, 1, int(age > 17), *block])
                relation, age = rng.choice([21, 25, 25]), age if member == 0 else rng.randint(0, 17)
    return out.getvalue().encode()


ATOMS = ["C", "C", "C", "C", "C", "N", "O", "O", "S", "Cl"]


def molecule(rng, number):
    """A drawn structure on a grid of 30 degrees as a MOL record with hydrogens and data lines."""
    places, bonds, taken = [(2.0, 0.0)], [], {(2.0, 0.0)}
    for _ in range(rng.randint(8, 30)):
        start = rng.randrange(len(places))
        angle = math.radians(rng.choice([30, 90, 150, 210, 270, 330]))
        at = (round(places[start][0] + math.cos(angle), 4) + 0.0, round(places[start][1] + math.sin(angle), 4) + 0.0)
        if at not in taken:
            taken.add(at)
            places.append(at)
            bonds.append((start + 1, len(places), rng.choice([1, 1, 1, 2])))
    heavy = len(places)
    for start in range(heavy):
        angle = math.radians(rng.choice([0, 60, 120, 180, 240, 300]))
        places.append((round(places[start][0] + 0.62 * math.cos(angle), 4) + 0.0, round(places[start][1] + 0.62 * math.sin(angle), 4) + 0.0))
        bonds.append((start + 1, len(places), 1))
    lines = [str(number), "  tool    01015000002D 0   0.00000     0.00000" + f"{number:9}", " ", f"{len(places):3}{len(bonds):3}  0  0  0  0  0  0  0  0  1 V2000"]
    lines += [f"{x:10.4f}{y:10.4f}    0.0000 {rng.choice(ATOMS) if n < heavy else 'H':3} 0  0  0  0  0  0  0  0  0  0  0  0" for n, (x, y) in enumerate(places)]
    lines += [f"{a:3}{b:3}{kind:3}  0  0  0  0" for a, b, kind in bonds]
    return "\n".join(lines + ["M  END", f"> <ID> ({number})", str(number), "", "$$$$", ""])


def fields(rng, form, count, scale):
    """A smooth two-dimensional field with a little noise as little-endian numbers, rows of 720."""
    waves = [(rng.uniform(0.5, 3), rng.uniform(0.5, 5), rng.uniform(0, 6), rng.uniform(0.2, 1)) for _ in range(6)]
    values = []
    for n in range(count):
        y, x = n // 720 / 90, n % 720 / 115
        value = scale * sum(w * math.sin(a * x + b * y + p) for a, b, p, w in waves)
        values.append(value if form == "f" else int(value + rng.gauss(0, 0.4)))
    return struct.pack(f"<{count}{form}", *values)


def files(split, seed):
    """(path, bytes) of one split."""
    rng = Source(seed)
    many = 2 if split == "train" else 1
    yield f"{split}/synthetic/census.csv", census(rng, 900 * many)
    yield f"{split}/synthetic/field16.bin", fields(rng, "h", 40000 * many, 2000)
    yield f"{split}/synthetic/field32.bin", fields(rng, "i", 20000 * many, 40)
    yield f"{split}/synthetic/fieldf.bin", fields(rng, "f", 15000 * many, 20)
    yield f"{split}/synthetic/rows.myd", benchmark_rows(rng, 900 * many)
    yield f"{split}/synthetic/drawn.sdf", "".join(molecule(rng, 700000 + n * 2) for n in range(60 * many)).encode()
    for number in range(many):
        yield f"{split}/synthetic/library{number}.sqlite", sqlite(rng, 90)

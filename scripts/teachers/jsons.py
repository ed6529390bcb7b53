"""JSON of other kinds: grids of small numbers, posts of a social network, a catalogue, records of an API."""
import json

from words import LOGINS, NOUNS, PROJECTS, Source

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# Everyday words of several languages, for text outside ASCII.
ABROAD = {"ja": "今日 は 天気 が いい です ね 明日 の 朝 から 東京 へ 行きます 本 を 読む 人 とても 楽しい 音楽 新しい 写真 ありがとう ございます また 会いましょう 猫 の 名前 と 友達 も 来た 夏 休み に 海 で 泳ぐ".split(),
          "es": "hoy es un día muy bueno para la música y el café con mis amigos mañana también después de comer en la ciudad señor".split(),
          "fr": "aujourd'hui c'est la fête à l'école avec des élèves très contents près de la gare après le déjeuner où ça été".split(),
          "ru": "сегодня хорошая погода и мы идём гулять в парк потом дома читаем новую книгу о море завтра снова работа".split(),
          "de": "heute ist schönes Wetter und wir gehen später noch über die Brücke zum Café für ein Stück Kuchen grüße".split()}


def grid(rng, height, width):
    """A grid of colours 0 to 9 with blocks, lines or noise on a background."""
    back = rng.choice([0, 0, 0, rng.randint(0, 9)])
    cells = [[back] * width for _ in range(height)]
    for _ in range(rng.randint(1, 5)):
        colour, top, left = rng.randint(1, 9), rng.randrange(height), rng.randrange(width)
        for y in range(top, min(height, top + rng.randint(1, 5))):
            for x in range(left, min(width, left + rng.randint(1, 5))):
                cells[y][x] = colour
    if rng.random() < 0.3:
        for _ in range(height * width // 6):
            cells[rng.randrange(height)][rng.randrange(width)] = rng.randint(0, 9)
    return cells


def change(rng, cells, rule):
    """The same rule for every pair of one puzzle."""
    if rule == "flip":
        return [row[::-1] for row in cells]
    if rule == "turn":
        return [list(row) for row in zip(*cells[::-1])]
    if rule == "tile":
        return [row * 2 for row in cells] * 2
    if rule == "frame":
        wide = len(cells[0]) + 2
        return [[5] * wide] + [[5] + row + [5] for row in cells] + [[5] * wide]
    if rule == "double":
        return [[c for c in row for _ in range(2)] for row in cells for _ in range(2)]
    return [[{rule: 3}.get(c, c) for c in row] for row in cells]


def puzzle(rng):
    rule = rng.choice(["flip", "turn", "tile", "frame", "double", rng.randint(0, 9)])
    height, width = rng.randint(2, 14), rng.randint(2, 14)
    pairs = []
    for _ in range(rng.randint(3, 5)):
        cells = grid(rng, height, width)
        pairs.append({"input": cells, "output": change(rng, cells, rule)})
    return json.dumps({"train": pairs[:-1], "test": pairs[-1:]})


def phrase(rng):
    """A short post and its language."""
    if rng.random() < 0.4:
        return rng.sentence(3, 14), "en"
    tongue = rng.choice(["ja", "ja", "ja", "es", "fr", "ru", "de"])
    glue = "" if tongue == "ja" else " "
    return glue.join(rng.choice(ABROAD[tongue]) for _ in range(rng.randint(4, 18))) + rng.choice(["", "!", "。" if tongue == "ja" else "."]), tongue


def moment(rng, year):
    return f"{rng.choice(DAYS)} {rng.choice(MONTHS)} {rng.randint(1, 28):02} {rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02} +0000 {year}"


def member(rng):
    """A user of the network, with the fields of its documented API, version 1.1."""
    number, text = rng.randint(10**7, 3 * 10**9), phrase(rng)
    name, colour, picture = rng.login().replace("-", "_"), rng.hex(6).upper(), rng.hex(8)
    flag = lambda chance: rng.random() < chance
    return {"id": number, "id_str": str(number), "name": rng.choice(LOGINS).title(), "screen_name": name, "location": rng.choice(["", "Osaka", "London", "東京"]),
            "description": text[0], "url": None, "entities": {"description": {"urls": []}}, "protected": False, "followers_count": rng.randint(0, 5000),
            "friends_count": rng.randint(0, 3000), "listed_count": rng.randint(0, 90), "created_at": moment(rng, rng.randint(2008, 2013)),
            "favourites_count": rng.randint(0, 9000), "utc_offset": rng.choice([None, 32400]), "time_zone": rng.choice([None, "Tokyo"]), "geo_enabled": flag(0.3),
            "verified": False, "statuses_count": rng.randint(1, 60000), "lang": text[1], "contributors_enabled": False, "is_translator": False,
            "is_translation_enabled": False, "profile_background_color": colour, "profile_background_image_url": "http://abs.twimg.com/images/themes/theme1/bg.png",
            "profile_background_image_url_https": "https://abs.twimg.com/images/themes/theme1/bg.png", "profile_background_tile": flag(0.2),
            "profile_image_url": f"http://pbs.twimg.com/profile_images/{number}/{picture}_normal.jpeg",
            "profile_image_url_https": f"https://pbs.twimg.com/profile_images/{number}/{picture}_normal.jpeg", "profile_link_color": "0084B4",
            "profile_sidebar_border_color": "C0DEED", "profile_sidebar_fill_color": "DDEEF6", "profile_text_color": "333333",
            "profile_use_background_image": True, "default_profile": flag(0.7), "default_profile_image": False, "following": False,
            "follow_request_sent": False, "notifications": False}


def post(rng):
    number, (text, tongue) = rng.randint(4 * 10**17, 6 * 10**17), phrase(rng)
    mention = {"screen_name": rng.login().replace("-", "_"), "name": rng.choice(LOGINS).title(), "id": number % 10**9, "id_str": str(number % 10**9), "indices": [0, 9]}
    tags = [{"text": rng.choice(NOUNS), "indices": [4, 12]}] if rng.random() < 0.2 else []
    return {"metadata": {"result_type": "recent", "iso_language_code": tongue}, "created_at": moment(rng, 2014), "id": number, "id_str": str(number),
            "text": text, "source": '<a href="http://twitter.com/download/android" rel="nofollow">Twitter for Android</a>', "truncated": False,
            "in_reply_to_status_id": None, "in_reply_to_status_id_str": None, "in_reply_to_user_id": None, "in_reply_to_user_id_str": None,
            "in_reply_to_screen_name": None, "user": member(rng), "geo": None, "coordinates": None, "place": None, "contributors": None,
            "retweet_count": rng.randint(0, 40), "favorite_count": rng.randint(0, 40),
            "entities": {"hashtags": tags, "symbols": [], "urls": [], "user_mentions": [mention] if rng.random() < 0.4 else []},
            "favorited": False, "retweeted": False, "lang": tongue}


def timeline(rng, count):
    return json.dumps({"statuses": [post(rng) for _ in range(count)], "search_metadata": {"completed_in": 0.087, "count": count}}, ensure_ascii=False, indent=2)


def catalogue(rng, count):
    """Tables of names by number and records that point into them, with four spaces a level."""
    names = {str(rng.randint(2 * 10**8, 4 * 10**8)): rng.sentence(2, 4)[:-1] for _ in range(40)}
    keys = list(names)
    items = {}
    for _ in range(count):
        key = rng.randint(10**8, 4 * 10**8)
        items[str(key)] = {"description": None, "id": key, "logo": rng.choice([None, f"/images/item_{rng.randint(1, 99)}.png"]), "name": rng.sentence(2, 5)[:-1],
                           "groupIds": [int(rng.choice(keys)) for _ in range(2)], "subjectCode": None, "subtitle": None,
                           "topics": [int(rng.choice(keys)) for _ in range(rng.randint(1, 4))]}
    prices = [{"amount": rng.randint(10, 120) * 1000 + 500, "audienceId": int(rng.choice(keys)), "seatId": int(rng.choice(keys))} for _ in range(count)]
    return json.dumps({"names": names, "items": items, "prices": prices}, ensure_ascii=False, indent=4)


def records(rng, count):
    """Answers of an invented service, spaced or not."""
    rows = [{"id": rng.hex(8) + "-" + rng.hex(4) + "-4" + rng.hex(3) + "-" + rng.hex(12), "name": rng.choice(PROJECTS), "active": rng.random() < 0.8,
             "score": round(rng.uniform(0, 100), 2), "tags": rng.sample(NOUNS, 3), "owner": {"id": rng.randint(1, 9999), "email": f"{rng.login()}@example.com"},
             "created": f"2021-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T10:{rng.randint(0, 59):02}:00.000Z", "parent": None} for _ in range(count)]
    return json.dumps({"data": rows, "total": count, "page": 1}, separators=rng.choice([(",", ":"), (", ", ": ")]))


def files(split, seed):
    """(path, text) of one split."""
    import events
    rng = Source(seed)
    many = 3 if split == "train" else 1
    yield f"{split}/synthetic/catalogue.json", catalogue(rng, 60 * many)
    yield f"{split}/synthetic/timeline.json", timeline(rng, 20 * many)
    yield f"{split}/synthetic/records.json", records(rng, 60 * many)
    for number in range(40 * many):
        yield f"{split}/grids/{number:03}.json", puzzle(rng)
    yield f"{split}/events/display.ndjson", events.lines(seed + 1, 60 * many, True)
    yield f"{split}/events/events.ndjson", events.lines(seed + 2, 120 * many)

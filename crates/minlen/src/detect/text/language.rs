//! The language of prose: by script, and by the commonest words for the Latin and Cyrillic scripts.

use super::encoding::Encoding;
use super::language_words::{CYRILLIC, LATIN};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// How much text is enough to tell.
const ENOUGH: usize = 12 << 10;

/// The language's English name, None where too little speaks for one.
pub(crate) fn of(head: &[u8], encoding: Encoding) -> Option<&'static str> {
    let head = &head[..head.len().min(ENOUGH)];
    let text: Cow<'_, str> = match encoding {
        Encoding::Utf16Le => wide(head, u16::from_le_bytes).into(),
        Encoding::Utf16Be => wide(head, u16::from_be_bytes).into(),
        Encoding::Latin => return eight_bit(head),
        _ => String::from_utf8_lossy(head),
    };
    by_script(&text).unwrap_or_else(|| by_words(&text))
}

fn wide(head: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = head.chunks_exact(2).map(|p| unit([p[0], p[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(' ')).collect()
}

/// Some(language) where the script decides, None where words must.
fn by_script(text: &str) -> Option<Option<&'static str>> {
    let (mut letters, mut counts) = (0usize, [0usize; 10]);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        if let Some(script) = script(c) {
            counts[script] += 1;
        }
    }
    let [han, kana, hangul, greek, hebrew, arabic, devanagari, thai, ..] = counts;
    let most = |n: usize| n * 3 > letters;
    match () {
        () if kana * 8 > letters && most(kana + han) => Some(Some("Japanese")),
        () if most(han) => Some(Some("Chinese")),
        () if most(hangul) => Some(Some("Korean")),
        () if most(greek) => Some(Some("Greek")),
        () if most(hebrew) => Some(Some("Hebrew")),
        () if most(arabic) => Some(Some("Arabic")),
        () if most(devanagari) => Some(Some("Hindi")),
        () if most(thai) => Some(Some("Thai")),
        () if letters == 0 => Some(None),
        () => None,
    }
}

fn script(c: char) -> Option<usize> {
    Some(match u32::from(c) {
        0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x2ffff => 0,
        0x3040..=0x30ff => 1,
        0xac00..=0xd7af | 0x1100..=0x11ff => 2,
        0x370..=0x3ff => 3,
        0x590..=0x5ff => 4,
        0x600..=0x6ff => 5,
        0x900..=0x97f => 6,
        0xe00..=0xe7f => 7,
        _ => return None,
    })
}

/// Every word with the set of languages that use it, as bits.
fn table() -> &'static BTreeMap<&'static str, u32> {
    static TABLE: OnceLock<BTreeMap<&'static str, u32>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = BTreeMap::new();
        for (bit, (_, words)) in LATIN.iter().chain(CYRILLIC).enumerate() {
            for word in words.split(' ') {
                *table.entry(word).or_insert(0) |= 1 << bit;
            }
        }
        table
    })
}

/// The language most of whose commonest words occur: a tenth of all words at least.
fn by_words(text: &str) -> Option<&'static str> {
    let mut hits = vec![0u32; LATIN.len() + CYRILLIC.len()];
    let mut longer = hits.clone();
    let mut words = 0u32;
    let mut lower = String::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        words += 1;
        // Codes and digests are no words.
        if word.len() > 16 || word.contains(|c: char| c.is_ascii_digit()) {
            continue;
        }
        lower.clear();
        lower.extend(word.chars().flat_map(char::to_lowercase));
        let mut set = table().get(lower.as_str()).copied().unwrap_or(0);
        while set != 0 {
            let language = set.trailing_zeros() as usize;
            hits[language] += 1;
            longer[language] += u32::from(lower.chars().nth(1).is_some());
            set &= set - 1;
        }
    }
    let (best, &count) = hits.iter().enumerate().max_by_key(|&(i, &n)| (n, std::cmp::Reverse(i)))?;
    let second = hits.iter().enumerate().filter(|&(i, _)| i != best).map(|(_, &n)| n).max().unwrap_or(0);
    // Single letters could be anything.
    let clear =
        longer[best] >= 2 && longer[best] * 2 >= count && count * 10 >= words && count * 10 > second * 11;
    clear.then(|| LATIN.iter().chain(CYRILLIC).nth(best).map(|(name, _)| *name))?
}

/// Western languages keep enough ASCII words to be told by; Russian is told by where its small letters lie.
fn eight_bit(head: &[u8]) -> Option<&'static str> {
    let high = head.iter().filter(|b| **b >= 0x80).count();
    if high * 2 < head.len() {
        let text: String = head.iter().map(|&b| char::from(b)).collect();
        return by_words(&text);
    }
    let upper = head.iter().filter(|b| **b >= 0xe0).count();
    let spaces = head.iter().filter(|b| b.is_ascii_whitespace()).count();
    match () {
        () if spaces * 12 < head.len() => Some("Chinese or Japanese"),
        () if upper * 4 > high * 3 => Some("Russian (windows-1251)"),
        () if upper * 4 < high => Some("Russian (KOI8-R)"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_languages_from_a_sentence() {
        for (text, expected) in [
            (
                "It was the best of times, it was the worst of times, and we had everything before us.",
                "English",
            ),
            (
                "Er hat die Frage nicht verstanden, weil sie mit dem Satz zu tun hatte und nicht klar ist.",
                "German",
            ),
            ("Il est arrivé dans la ville avec les amis, et elle ne sait pas qui sont ces gens.", "French"),
            ("No sé qué es lo que le pasa a la gente que vive en el pueblo con los perros.", "Spanish"),
            (
                "Non so che cosa sia successo alla gente che vive nel paese con i cani, ma è una storia.",
                "Italian",
            ),
            (
                "Não sei o que se passa com as pessoas que vivem na cidade, mas uma coisa é certa.",
                "Portuguese",
            ),
            (
                "Het is niet duidelijk wat er met de mensen in de stad gebeurt, maar een ding is zeker.",
                "Dutch",
            ),
            ("Nie wiem, co się dzieje z ludźmi, którzy są w mieście, ale to jest na pewno ważne.", "Polish"),
            ("Я не знаю, что это такое и как он попал в наш город, но это было давно.", "Russian"),
            ("这是一个很长的故事，没有人知道它的开始。", "Chinese"),
            ("これは長い物語で、だれもその始まりを知りません。", "Japanese"),
        ] {
            assert_eq!(of(text.as_bytes(), Encoding::Utf8), Some(expected), "{text}");
        }
        assert_eq!(of(b"qwe rty uio pas dfg hjk", Encoding::Ascii), None);
        assert_eq!(of(b"0 0 1 0 3.55 1", Encoding::Ascii), None);
    }
}

//! Text: a story from a Markov chain over words, and a program.

use super::Rng;
use std::fmt::Write;

#[rustfmt::skip]
const WORDS: [&str; 144] = [
    "the", "of", "and", "to", "a", "in", "was", "he", "that", "it", "his", "her", "with", "as", "had",
    "she", "for", "at", "on", "not", "but", "be", "they", "by", "which", "from", "all", "this", "were",
    "said", "have", "one", "him", "there", "so", "when", "what", "who", "would", "out", "no", "up", "into",
    "them", "could", "then", "house", "old", "little", "man", "time", "down", "over", "before", "only",
    "more", "about", "some", "like", "after", "very", "never", "long", "again", "through", "night", "water",
    "door", "came", "made", "went", "thought", "knew", "looked", "found", "took", "seemed", "hand", "eyes",
    "light", "garden", "river", "stone", "winter", "letter", "mother", "brother", "captain", "village",
    "window", "morning", "evening", "silence", "voice", "table", "horse", "road", "forest", "mountain",
    "shadow", "summer", "because", "although", "between", "without", "another", "nothing", "something",
    "everything", "whispered", "remembered", "answered", "followed", "waiting", "walking", "standing",
    "slowly", "suddenly", "perhaps", "however", "beautiful", "strange", "quiet", "broken", "golden",
    "empty", "distant", "familiar", "question", "moment", "reason", "country", "stranger", "promise",
    "business", "harbour", "candle", "feather", "lantern", "bridge", "orchard", "weather", "journey",
    "kitchen",
];

const NAMES: [&str; 8] =
    ["Anna", "Mr. Holm", "Edward", "Clara", "Tobias", "Miss Lund", "Peter", "the doctor"];

/// A story: each word has a few likely successors, sentences have commas and full stops, names recur.
pub(super) fn english(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut out = String::new();
    let mut word = 0u64;
    while out.len() < len {
        let sentences = 2 + rng.below(6);
        for _ in 0..sentences {
            sentence(rng, &mut word, &mut out);
        }
        out.push_str("\n\n");
    }
    out.into_bytes()
}

fn sentence(rng: &mut Rng, word: &mut u64, out: &mut String) {
    let words = 5 + rng.skewed(24);
    for i in 0..words {
        // Each word has its own order of the others; near the front of that order is likely.
        let jump = Rng(*word).below(WORDS.len() as u64);
        let common = rng.one_in(3);
        *word = if common { rng.skewed(40) } else { (jump + 7 * rng.skewed(12)) % WORDS.len() as u64 };
        let text =
            if rng.one_in(18) { rng.pick(&NAMES) } else { WORDS.get(*word as usize).copied().unwrap_or("") };
        if i == 0 {
            let mut chars = text.chars();
            out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
            out.push_str(chars.as_str());
        } else {
            out.push_str(text);
        }
        let last = i + 1 == words;
        let comma = !last && rng.one_in(9);
        out.push_str(if last {
            rng.pick_skewed(&[". ", ".\n", "? ", "! "])
        } else if comma {
            ", "
        } else {
            " "
        });
    }
}

const TYPES: [&str; 6] = ["int", "size_t", "char *", "struct node *", "uint32_t", "void"];
const VERBS: [&str; 10] = ["read", "parse", "next", "find", "push", "free", "copy", "check", "emit", "skip"];
const NOUNS: [&str; 10] =
    ["token", "node", "list", "buffer", "symbol", "block", "line", "table", "entry", "scope"];

/// A program in C: functions of a few shapes, with recurring names and indents.
pub(super) fn source(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut out = String::from("#include <stdint.h>\n#include <stdlib.h>\n#include \"parser.h\"\n\n");
    while out.len() < len {
        let (verb, noun) = (rng.pick(&VERBS), rng.pick(&NOUNS));
        let _ = writeln!(out, "/* {verb}_{noun}: {verb} the {noun} and return it. */");
        let _ = writeln!(
            out,
            "static {} {verb}_{noun}_{}(struct {noun} *{noun}, size_t len)\n{{",
            rng.pick(&TYPES),
            rng.below(90)
        );
        let statements = 3 + rng.below(9);
        for _ in 0..statements {
            statement(rng, noun, &mut out);
        }
        out.push_str("    return NULL;\n}\n\n");
    }
    out.into_bytes()
}

fn statement(rng: &mut Rng, noun: &str, out: &mut String) {
    let (verb, other) = (rng.pick_skewed(&VERBS), rng.pick_skewed(&NOUNS));
    let n = rng.skewed(64);
    let _ = match rng.below(5) {
        0 => writeln!(
            out,
            "    if ({noun}->{other} == NULL) {{\n        return {verb}_{other}({noun}, {n});\n    }}"
        ),
        1 => writeln!(
            out,
            "    for (size_t i = 0; i < {noun}->len; i++) {{\n        {verb}_{other}({noun}->{other}[i]);\n    }}"
        ),
        2 => writeln!(out, "    {noun}->{other}_count += {n};"),
        3 => writeln!(
            out,
            "    struct {other} *{other} = {verb}_{other}({noun}->ctx, sizeof(struct {other}));"
        ),
        _ => writeln!(out, "    assert({noun}->{other} != NULL); /* {verb} must have run */"),
    };
}

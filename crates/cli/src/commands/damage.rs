//! What is wrong with a file, for people and for programs.

use crate::ui::human;
use minlen::archive::salvage::{Salvaged, State, Survey};
use serde_json::{Value, json};
use std::ops::Range;

/// Lines that are printed of one file; JSON has everything.
const LINES: usize = 200;
/// Ranges that one line names.
const RANGES: usize = 8;

/// One line for each damaged part of the file and each damaged member, and where each begins in the file.
pub fn lines(survey: &Survey) -> Vec<(String, Option<u64>)> {
    let mut lines = Vec::new();
    for range in &survey.pieces {
        lines.push((format!("bytes {} cannot be decrypted", span(range)), Some(range.start)));
    }
    for damage in &survey.damage {
        lines.push((unknown(&damage.file, &damage.content), Some(damage.file.start)));
    }
    for block in &survey.blocks {
        let (file, content) = (span(&block.file), span(&block.content));
        lines.push((
            format!("the block in bytes {file}, with bytes {content} of the content: {}", block.error),
            None,
        ));
    }
    if !survey.content_whole && survey.lost.is_empty() {
        lines.push(("the content does not match its BLAKE3 hash".into(), None));
    }
    if !survey.names_whole {
        lines.push(("the directory is damaged: names of members may be lost".into(), None));
    }
    let damaged = survey.members.iter().filter(|member| member.state != State::Whole && member.asked);
    lines.extend(damaged.map(|member| (format!("{}: {}", human::name(&member.path), left(member)), None)));
    let more = lines.len().saturating_sub(LINES);
    if more > 1 {
        lines.truncate(LINES);
        lines.push((format!("and {more} more; --format json has all"), None));
    }
    lines
}

fn unknown(file: &Range<u64>, content: &Range<u64>) -> String {
    let place = match file.end - file.start {
        0 => "something is missing here".into(),
        _ => format!("bytes {} are damaged or no part of it", span(file)),
    };
    match content.end - content.start {
        0 => place,
        _ => format!("{place}; bytes {} of the content are lost", span(content)),
    }
}

/// What is left of a member, in words.
pub fn left(member: &Salvaged) -> String {
    match member.state {
        State::Whole => "whole".into(),
        State::Lost => "lost".into(),
        State::Partly if member.hash_differs => "its content does not match its hash".into(),
        // Another name of a damaged file.
        State::Partly if member.lost.is_empty() => "damaged".into(),
        State::Partly => format!("bytes {} are lost", spans(&member.lost)),
    }
}

fn spans(ranges: &[Range<u64>]) -> String {
    let named: Vec<String> = ranges.iter().take(RANGES).map(span).collect();
    match ranges.len().saturating_sub(RANGES) {
        0 => named.join(", "),
        more => format!("{} and {more} more ranges", named.join(", ")),
    }
}

fn span(range: &Range<u64>) -> String {
    format!("{}..{}", range.start, range.end)
}

fn pairs<'a>(ranges: impl IntoIterator<Item = &'a Range<u64>>) -> Value {
    ranges.into_iter().map(|range| json!([range.start, range.end])).collect()
}

/// The word for a state.
pub fn word(state: State) -> &'static str {
    match state {
        State::Whole => "whole",
        State::Partly => "partly",
        State::Lost => "lost",
    }
}

/// Everything that was found.
pub fn object(survey: &Survey) -> Value {
    let damage =
        survey.damage.iter().map(|d| json!({"file": pairs([&d.file])[0], "content": pairs([&d.content])[0]}));
    let block = survey
        .blocks
        .iter()
        .map(|b| json!({"file": pairs([&b.file])[0], "content": pairs([&b.content])[0], "error": b.error}));
    let asked = survey.members.iter().filter(|member| member.asked);
    json!({
        "whole": survey.is_whole(),
        "damage": damage.collect::<Vec<_>>(),
        "blocks": block.collect::<Vec<_>>(),
        "undecrypted": pairs(&survey.pieces),
        "content_bytes": survey.content_len,
        "content_lost": pairs(&survey.lost),
        "content_whole": survey.content_whole && survey.lost.is_empty(),
        "names_whole": survey.names_whole,
        "padding_bytes": survey.padding,
        "members": asked.map(member).collect::<Vec<_>>(),
        "nameless": pairs(&survey.nameless),
    })
}

fn member(member: &Salvaged) -> Value {
    let mut object = json!({
        "path": String::from_utf8_lossy(&member.path),
        "state": word(member.state),
        "bytes": member.len,
        "lost": pairs(&member.lost),
        "hash_differs": member.hash_differs,
    });
    if std::str::from_utf8(&member.path).is_err() {
        object["path_hex"] = json!(human::hex(&member.path));
    }
    object
}

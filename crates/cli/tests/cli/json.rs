//! What every verb writes for programs, against the fields of docs/json.md.

use super::models::{model, weights};
use super::sandbox::{Ran, Sandbox, noise, text};
use serde_json::Value;
use std::collections::BTreeMap;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/json.md");

/// A documented field.
#[derive(Clone, Debug)]
struct Field {
    kind: String,
    /// It may be missing.
    maybe: bool,
}

type Fields = BTreeMap<String, Field>;

/// The fields of each section of the page.
fn documented() -> BTreeMap<String, Fields> {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut sections: BTreeMap<String, Fields> = BTreeMap::new();
    let mut section = String::new();
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            section = name.to_owned();
        } else if let Some(row) = line.strip_prefix("| `") {
            let mut cells = row.split('|').map(str::trim);
            let name = cells.next().unwrap().trim_matches('`').to_owned();
            let (kind, maybe) = (cells.next().unwrap().to_owned(), cells.next().unwrap());
            let maybe = !maybe.is_empty();
            sections.entry(section.clone()).or_default().insert(name, Field { kind, maybe });
        }
    }
    sections
}

/// What may stand in a document of this verb.
fn fields_of(verb: &str) -> Fields {
    let sections = documented();
    let mut fields = sections[verb].clone();
    fields.extend(sections["Every document"].clone());
    if fields.contains_key("files[].found") {
        for (name, field) in &sections["damage"] {
            fields.insert(format!("files[].found.{name}"), field.clone());
        }
    }
    fields
}

fn is_of(kind: &str, value: &Value) -> bool {
    let (kind, may_be_null) = kind.strip_suffix('?').map_or((kind, false), |kind| (kind, true));
    match kind {
        _ if value.is_null() => may_be_null || kind == "null",
        "string" => value.is_string(),
        "number" => value.is_number(),
        "bool" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

/// Compares what is at `place` with the fields, and what is below it.
fn compare(place: &str, value: &Value, fields: &Fields, wrong: &mut Vec<String>) {
    if let Some(field) = fields.get(place) {
        // An object or array that has more to say of itself goes on below.
        let more = fields.keys().any(|name| name.starts_with(place) && name.len() > place.len() + 1);
        if !is_of(&field.kind, value) {
            wrong.push(format!("{place} is no {}: {value}", field.kind));
        }
        if !more {
            return;
        }
    }
    let below = |next: &str| fields.keys().any(|name| name.starts_with(next));
    match value {
        Value::Object(object) => {
            let dot = if place.is_empty() { String::new() } else { format!("{place}.") };
            for (key, value) in object {
                compare(&format!("{dot}{key}"), value, fields, wrong);
            }
            let is_failure = object.get("ok") == Some(&false.into());
            for (name, field) in fields {
                let key = name.strip_prefix(&dot).filter(|key| !key.contains(['.', '[']));
                if let Some(key) =
                    key.filter(|_| !field.maybe && !is_failure && !object.contains_key("skipped"))
                    && !object.contains_key(key)
                {
                    wrong.push(format!("{name} is missing"));
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|v| compare(&format!("{place}[]"), v, fields, wrong)),
        // What is null has nothing below it; the page says so in words.
        Value::Null if below(&format!("{place}.")) => {}
        _ if fields.contains_key(place) => {}
        _ => wrong.push(format!("{place} is not documented: {value}")),
    }
}

/// The document of a run is as the page says.
fn check(verb: &str, document: &Value) {
    let mut wrong = Vec::new();
    compare("", document, &fields_of(verb), &mut wrong);
    assert!(wrong.is_empty(), "{verb}: {wrong:#?}\n{document:#}");
    assert_eq!((&document["schema"], &document["verb"]), (&1.into(), &verb.into()));
}

/// Every line on standard error is an object that the page knows; gives the last one.
fn lines(ran: &Ran) -> Option<Value> {
    let fields = documented()["On standard error"].clone();
    let mut last = None;
    for line in ran.stderr.lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        if value.get("verb").is_none() {
            let mut wrong = Vec::new();
            let any: Fields = fields
                .iter()
                .map(|(k, f)| (k.clone(), Field { maybe: k != "schema", ..f.clone() }))
                .collect();
            compare("", &value, &any, &mut wrong);
            assert!(wrong.is_empty(), "{wrong:?}: {line}");
        }
        last = Some(value);
    }
    last
}

/// Runs a verb, checks its document on standard output, and gives it.
fn of(s: &Sandbox, args: &[&str], code: i32) -> Value {
    let ran = s.run([args, &["--format", "json"]].concat());
    assert_eq!(ran.code, code, "{args:?}: {ran:?}");
    lines(&ran);
    let document = ran.json();
    check(args[0], &document);
    document
}

fn sandbox() -> Sandbox {
    let s = Sandbox::new();
    s.write("t/a.txt", text(100_000, 1));
    s.write("t/b.bin", noise(20_000, 2));
    std::os::unix::fs::symlink("a.txt", s.path("t/link")).unwrap();
    s.ok(["compress", "-1", "t"]);
    s
}

#[test]
fn verbs_that_write_tell_what_they_wrote() {
    let s = sandbox();
    let made = of(&s, &["compress", "-1", "-v", "t/a.txt", "nothing", "t", "-f"], 1);
    assert_eq!(made["files"][0]["output"], "t/a.txt.mln");
    assert_eq!((&made["files"][1]["ok"], &made["files"][1]["error"]["exit"]), (&false.into(), &1.into()));
    assert_eq!(made["files"][2]["kind"], "archive");
    let skipped = of(&s, &["compress", "t.mln"], 2);
    assert_eq!(skipped["files"][0]["skipped"], true);
    of(&s, &["decompress", "t.mln", "-o", "out"], 0);
    s.write("t/a.txt", text(2000, 7));
    let planned = of(&s, &["update", "t.mln", "t", "-n"], 0);
    assert_eq!(planned["files"][0]["changes"][0]["kind"], "changed");
    assert_eq!(of(&s, &["update", "t.mln", "t", "-1"], 0)["files"][0]["changed"], 1);
    assert!(of(&s, &["compact", "t.mln", "-1"], 0)["files"][0]["freed_bytes"].as_u64().unwrap() > 0);
    of(&s, &["compact", "t.mln", "-1"], 0);
    assert_eq!(of(&s, &["decompress", "t/a.txt.mln", "t/b.bin", "-f"], 2)["files"][1]["skipped"], true);
    assert_eq!(of(&s, &["extract", "t.mln", "t/a.txt", "-o", "x"], 0)["files"][0]["members"], 1);
    of(&s, &["extract", "t.mln", "t/a.txt", "--range", "0..9", "-o", "y"], 0);
    assert_eq!(of(&s, &["extract", "t.mln", "none"], 3)["files"][0]["error"]["kind"], "usage");
    of(&s, &["generate", "man", "man"], 0);
    assert_eq!(of(&s, &["generate", "man", "man"], 0)["files"][0]["written"], false);
    of(&s, &["train", "prior", "t", "-o", "t.mlp"], 0);
}

#[test]
fn where_standard_output_takes_the_data_the_document_is_the_last_line_of_errors() {
    let s = sandbox();
    for args in [
        &["cat", "t.mln", "t/a.txt"][..],
        &["compress", "-1", "-c", "t/a.txt"],
        &["decompress", "-c", "t.mln"],
        &["extract", "-c", "t.mln", "t/a.txt"],
    ] {
        let ran = s.ok([args, &["--format", "json", "--progress", "json"]].concat());
        check(args[0], &lines(&ran).unwrap());
    }
    let ran = s.ok(["cat", "t.mln", "t/a.txt", "--format", "json"]);
    assert_eq!(ran.stdout, s.read("t/a.txt"));
    let last: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(last["files"][0]["content_bytes"], 100_000);
    assert!(s.run(["cat", "--bogus", "--format", "json"]).stdout.is_empty());
}

#[test]
fn verbs_that_look_tell_what_they_saw() {
    let s = sandbox();
    s.ok(["compress", "-1", "--recovery", "5%", "t/a.txt"]);
    s.write("bad.mln", "bad");
    for verb in ["list", "test", "info"] {
        let files = of(&s, &[verb, "t.mln", "t/a.txt.mln", "bad.mln"], 4)["files"].clone();
        assert_eq!(files.as_array().unwrap().len(), 3, "{verb}");
        assert_eq!((&files[0]["ok"], &files[2]["ok"]), (&true.into(), &false.into()), "{verb}");
    }
    s.ok(["compress", "-1", "t/b.bin", "-r", super::inspection::RECIPIENT, "-o", "locked.mln.age"]);
    of(&s, &["info", "locked.mln.age"], 2);
    let found = of(&s, &["grep", "-m", "3", "predict", "t.mln"], 0);
    assert_eq!(found["files"][0]["searched"][0]["lines"].as_array().unwrap().len(), 3);
    of(&s, &["grep", "no such words", "t/a.txt.mln"], 1);
    of(&s, &["analyze", "t/b.bin"], 0);
    of(&s, &["codecs"], 0);
    of(&s, &["bench", "t/b.bin", "--levels", "1", "--quick"], 0);
    // Damage.
    let mut bad = s.read("t.mln");
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    s.write("bad.mln", bad);
    let found = of(&s, &["test", "bad.mln"], 4)["files"][0]["found"].clone();
    assert_eq!(found["whole"], false);
    of(&s, &["extract", "--salvage", "bad.mln", "-o", "left"], 2);
    of(&s, &["repair", "bad.mln", "-o", "whole.mln"], 2);
    of(&s, &["repair", "t/a.txt.mln", "-o", "same.mln"], 0);
}

#[test]
fn verbs_of_models_tell_what_they_made() {
    let s = Sandbox::new();
    let (a, b) = (weights(64 * 32, 1), weights(500 * 32, 2));
    s.write("net.safetensors", model(&[("head.a", &a), ("body.b", &b)]));
    s.write("base.safetensors", model(&[("head.a", &a), ("body.b", &a)]));
    s.ok(["compress", "-3", "net.safetensors", "--base", "base.safetensors"]);
    of(&s, &["list", "--tensors", "net.safetensors.mln", "--base", "base.safetensors"], 0);
    of(&s, &["info", "net.safetensors.mln"], 0);
    of(&s, &["rebase", "net.safetensors.mln", "--base", "base.safetensors", "-o", "alone.mln"], 0);
    of(&s, &["extract", "alone.mln", "--tensor", "*", "-o", "all.safetensors"], 0);
    of(&s, &["quantize", "net.safetensors", "--target-bpw", "4", "-o", "small.mln"], 0);
    of(&s, &["info", "small.mln"], 0);
    digits(&s);
    let options = ["--data", "mnist", "--epochs", "1,1,1", "-o", "net.mlq"];
    of(&s, &[&["train", "network", "8-8"][..], &options].concat(), 0);
    of(&s, &["eval", "net.mlq", "--data", "mnist"], 0);
    of(&s, &["eval", "network", "net.mlq", "--data", "mnist"], 0);
    of(&s, &["generate", "ecg", "w", "--count", "400", "--samples", "16"], 0);
    let learned = ["--members", "klt,dense:2:8", "--epochs", "2", "--psnr", "30", "-o", "w.mlc"];
    of(&s, &[&["train", "autoencoder", "w"][..], &learned].concat(), 0);
    of(&s, &["train", "autoencoder", "w", "-o", "auto.mlc"], 0);
    of(&s, &["info", "w.mlc"], 0);
}

/// A few pictures in the form of MNIST.
fn digits(s: &Sandbox) {
    for (set, count) in [("train", 128u32), ("t10k", 32)] {
        let head = |sizes: &[u32]| -> Vec<u8> {
            let magic = [0, 0, 8, sizes.len() as u8];
            magic.into_iter().chain(sizes.iter().flat_map(|size| size.to_be_bytes())).collect()
        };
        let labels: Vec<u8> = (0..count).map(|i| (i % 10) as u8).collect();
        let pixels = labels.iter().flat_map(|&label| (0..784u32).map(move |p| (p as u8 ^ label) & 240));
        let pictures: Vec<u8> = head(&[count, 28, 28]).into_iter().chain(pixels).collect();
        s.write(format!("mnist/{set}-images-idx3-ubyte.gz"), gzip(&pictures));
        s.write(format!("mnist/{set}-labels-idx1-ubyte.gz"), gzip(&[head(&[count]), labels].concat()));
    }
}

/// A gzip file of stored blocks.
fn gzip(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let count = data.chunks(65_535).count();
    for (i, block) in data.chunks(65_535).enumerate() {
        let len = block.len() as u16;
        out.push(u8::from(i + 1 == count));
        out.extend(len.to_le_bytes());
        out.extend((!len).to_le_bytes());
        out.extend(block);
    }
    let crc = data.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    });
    out.extend((!crc).to_le_bytes());
    out.extend((data.len() as u32).to_le_bytes());
    out
}

#[test]
fn the_page_has_every_verb() {
    let s = Sandbox::new();
    let help = s.ok(["--help"]).text();
    let commands = help.split("Commands:").nth(1).unwrap().split("Arguments:").next().unwrap();
    let verbs: Vec<&str> = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(verbs.len() >= 15, "{verbs:?}");
    let sections = documented();
    for verb in verbs {
        assert!(sections.contains_key(verb), "{verb} is not in docs/json.md");
        assert!(s.ok([verb, "--help"]).text().contains("--format") || verb == "train", "{verb}");
    }
}

#[test]
fn verbs_of_codec_files_tell_what_they_know() {
    let s = Sandbox::new();
    s.ok(["generate", "ecg", "w", "--count", "200", "--samples", "16", "--type", "u8"]);
    s.ok([
        "train",
        "autoencoder",
        "w",
        "--members",
        "klt,dense:4:16",
        "--epochs",
        "2",
        "-o",
        "a.mlc",
        "--report",
        "r.json",
    ]);
    s.write("labels.txt", (0..200).map(|i| format!("{}\n", i % 3)).collect::<String>());
    let more = ["--labels", "labels.txt", "--normal", "0,1", "--neighbours", "2", "--reference", "w"];
    let scores = of(&s, &[&["score", "a.mlc", "w", "--top", "3"][..], &more].concat(), 0)["files"][0].clone();
    assert_eq!((&scores["records"], scores["most"].as_array().unwrap().len()), (&200.into(), 3));
    assert!(scores["auc"]["distance"].is_number() && scores["against"] == "held_out");
    of(&s, &["score", "a.mlc", "w", "--rate", "1"], 0);
    assert_eq!(of(&s, &["embed", "a.mlc", "w", "-o", "e.npy"], 0)["files"][0]["latents"], 4);
    of(&s, &["sample", "a.mlc", "-o", "n.npy", "--count", "3"], 0);
    let args = ["eval", "autoencoder", "a.mlc", "w", "--against", "memcpy", "--report", "r.html"];
    let found =
        of(&s, &[&args[..], &["--training", "r.json", "--labels", "labels.txt"]].concat(), 0)["files"][0]
            .clone();
    assert!(found["curve"].as_array().unwrap().len() > 2 && found["alone"].as_array().unwrap().len() == 2);
    let page = s.read("r.html");
    let page = String::from_utf8(page).unwrap();
    assert!(
        page.contains("<h2>Map of latents</h2>")
            && page.contains("<h2>Training</h2>")
            && !page.contains("<script")
    );
    assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("http"));
}

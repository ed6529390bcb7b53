//! Chains as they are typed, what they make of content, and what is made of payloads that nobody wrote.

use minlen_core::testing::cases;
use minlen_core::{
    Chain, Codec, CodecId, CodecSpec, Coded, Env, Error, ErrorKind, Limits, Memory, MissingCodec, ParamKind,
    ParamSpec, Params, Registry, Result, Stage, ids,
};
use std::sync::Arc;

const PARAMS: &[ParamSpec] = &[
    ParamSpec { key: "level", doc: "", kind: ParamKind::Int { min: 1, max: 4096 }, default: 3 },
    ParamSpec { key: "shift", doc: "", kind: ParamKind::Int { min: -8, max: 8 }, default: 0 },
    ParamSpec { key: "coder", doc: "", kind: ParamKind::Choice(&["huffman", "rans", "none"]), default: 0 },
    ParamSpec { key: "size", doc: "", kind: ParamKind::Int { min: 0, max: i64::MAX }, default: 1 << 20 },
];

#[test]
fn parameters_are_read_from_text() {
    // The bars of a choice stand for themselves in messages, and between fields in tables.
    for case in cases::read(include_str!("cases/params.txt"), 3) {
        let key = case.fields[0];
        let read = Params::new(PARAMS).with_text(key, case.fields[1]);
        let read = read.map_err(|e| Error::new(e.kind(), e.to_string().replace('|', "/")));
        if let Ok(params) = &read {
            let spec = PARAMS.iter().find(|spec| spec.key == key).unwrap();
            let value = params.get(key);
            let shown =
                if value == spec.default { String::new() } else { format!("{key}={}", spec.show(value)) };
            assert_eq!(params.show(), shown, "line {}", case.line);
            assert_eq!(Params::new(PARAMS).with(key, value), *params, "line {}", case.line);
        }
        case.expect(read.map(|params| params.get(key)));
    }
}

#[test]
fn values_that_are_set_are_kept_within_their_range() {
    let set = |key, value| Params::new(PARAMS).with(key, value).get(key);
    assert_eq!([set("level", 0), set("level", 5000), set("level", 7)], [1, 4096, 7]);
    assert_eq!([set("shift", -9), set("shift", 9), set("shift", -3)], [-8, 8, -3]);
    assert_eq!([set("coder", -1), set("coder", 3), set("coder", 1)], [0, 2, 1]);
    // A key that is not there changes nothing, and is 0.
    assert_eq!(Params::new(PARAMS).with("speed", 9), Params::new(PARAMS));
    assert_eq!(set("speed", 9), 0);
    let defaults = PARAMS.iter().map(|spec| Params::new(PARAMS).get(spec.key)).collect::<Vec<_>>();
    assert_eq!(defaults, [3, 0, 0, 1 << 20]);
    let all = Params::new(PARAMS).with("size", 5).with("level", 9).with("coder", 2);
    assert_eq!(all.show(), "level=9,coder=none,size=5");
    assert_eq!(PARAMS[2].show(3), "?");
    assert_eq!(PARAMS[2].show(-1), "?");
}

/// What the codecs of these tests do with a byte.
enum Rule {
    Store,
    Add,
    Twin,
}

struct Simple(CodecSpec, Rule);

const BY: &[ParamSpec] =
    &[ParamSpec { key: "by", doc: "", kind: ParamKind::Int { min: 0, max: 255 }, default: 1 }];

static SPECS: [(u16, &str, &[ParamSpec]); 3] = [(0, "store", &[]), (100, "add", BY), (101, "twin", &[])];

static STATIC: std::sync::LazyLock<Vec<Simple>> = std::sync::LazyLock::new(|| {
    let rules = [Rule::Store, Rule::Add, Rule::Twin];
    let made = SPECS.iter().zip(rules).map(|(&(id, name, params), rule)| {
        let id = CodecId(id);
        Simple(CodecSpec { id, name, summary: "", source: "", limits: "", params, max_input: 1 << 40 }, rule)
    });
    made.collect()
});

/// One of the codecs, by its place in [`SPECS`].
struct Nth(usize);

impl Codec for Nth {
    fn spec(&self) -> &'static CodecSpec {
        &STATIC[self.0].0
    }

    fn encode(&self, input: &[u8], params: &Params, _: &Env, out: &mut Vec<u8>) -> Result<()> {
        match STATIC[self.0].1 {
            Rule::Store => out.extend(input),
            Rule::Add => out.extend(input.iter().map(|byte| byte.wrapping_add(params.get("by") as u8))),
            Rule::Twin => out.extend(input.iter().flat_map(|byte| [*byte, *byte])),
        }
        Ok(())
    }

    /// Of what was added to, only the default is undone: the payload does not say by how much.
    fn decode(&self, payload: &[u8], _: usize, _: &Env, out: &mut Vec<u8>) -> Result<()> {
        match STATIC[self.0].1 {
            Rule::Store => out.extend(payload),
            Rule::Add => out.extend(payload.iter().map(|byte| byte.wrapping_sub(1))),
            Rule::Twin => {
                if payload.chunks(2).any(|pair| pair.len() < 2 || pair[0] != pair[1]) {
                    return Err(Error::corrupt("a byte that is not said twice"));
                }
                out.extend(payload.iter().step_by(2));
            }
        }
        Ok(())
    }

    fn memory(&self, _: &Params, _: usize) -> Memory {
        Memory::default()
    }
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    // In any order: what is found does not depend on it.
    [2, 0, 1].into_iter().for_each(|nth| registry.register(Arc::new(Nth(nth))));
    registry.note_missing(MissingCodec { id: ids::LZMA, name: "lzma", feature: "fast" });
    registry
}

fn codec_ids(numbers: &[u64]) -> Vec<CodecId> {
    numbers.iter().map(|&id| CodecId(id as u16)).collect()
}

#[test]
fn chains_are_read_as_they_are_typed() {
    let registry = registry();
    for case in cases::read(include_str!("cases/chains.txt"), 2) {
        let chain = Chain::parse(case.fields[0], &registry);
        if let Ok(chain) = &chain {
            // What is shown is read as the same chain.
            assert_eq!(Chain::parse(&chain.to_string(), &registry).unwrap(), *chain, "line {}", case.line);
        }
        case.expect(chain);
    }
}

#[test]
fn chains_make_what_their_codecs_make_in_a_row() {
    let (registry, env) = (registry(), Env::default());
    for case in cases::read(include_str!("cases/coded.txt"), 3) {
        let chain = Chain::parse(case.fields[0], &registry).unwrap();
        let content = case.hex(1);
        let coded = chain.encode(&content, &registry, &env).unwrap();
        let list = |numbers: Vec<u64>| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        let numbers = list(coded.ids.iter().map(|id| u64::from(id.0)).collect());
        let shown = format!("{numbers}; {}; {}", list(coded.inner.clone()), cases::show(&coded.payload));
        case.expect(Ok(shown.trim()));
        // Undone where nothing but defaults was added.
        if !case.fields[0].contains("by=") {
            let back =
                Chain::decode(&coded.ids, &coded.inner, &coded.payload, content.len(), &registry, &env);
            assert_eq!(back.unwrap(), content, "line {}", case.line);
        }
        assert_eq!(env.budget.used(), 0);
    }
}

#[test]
fn payloads_that_nobody_wrote_are_refused() {
    let registry = registry();
    for case in cases::read(include_str!("cases/decoded.txt"), 6) {
        let env = Env::new(Limits::default().with_memory(case.number(4)));
        let codecs = codec_ids(&case.numbers(0));
        let length = case.number(3) as usize;
        let made = Chain::decode(&codecs, &case.numbers(1), &case.hex(2), length, &registry, &env);
        case.expect(made.map(|bytes| cases::show(&bytes)));
        assert_eq!(env.budget.used(), 0, "line {}", case.line);
    }
}

#[test]
fn a_chain_is_stopped_between_its_codecs() {
    let (registry, env) = (registry(), Env::default());
    env.cancel.cancel();
    let chain = Chain::single(&Nth(0), Params::new(&[]));
    assert_eq!(chain.encode(b"a", &registry, &env).unwrap_err().kind(), ErrorKind::Cancelled);
    let undone = Chain::decode(&[ids::STORE], &[], b"a", 1, &registry, &env);
    assert_eq!(undone.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn chains_are_made_of_one_to_four_stages() {
    let stage = Stage::of(&Nth(1), Params::new(BY).with("by", 9));
    assert_eq!((stage.id, stage.name, stage.to_string().as_str()), (CodecId(100), "add", "add:by=9"));
    for count in 0..7 {
        let chain = Chain::new(vec![stage.clone(); count]);
        assert_eq!(chain.is_ok(), (1..=4).contains(&count), "{count}");
        assert!(chain.map_or(true, |chain| chain.stages() == vec![stage.clone(); count]));
    }
    let foreign = Chain::new(vec![Stage { id: CodecId(9), ..stage }]).unwrap();
    let unknown = foreign.encode(b"", &registry(), &Env::default()).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Unsupported);
    assert_eq!(Coded::default(), Coded { ids: vec![], inner: vec![], payload: vec![] });
}

#[test]
fn codecs_are_found_whatever_the_order_they_came_in() {
    let mut registry = registry();
    let numbers: Vec<u16> = registry.iter().map(|codec| codec.spec().id.0).collect();
    assert_eq!(numbers, [0, 100, 101]);
    assert_eq!(format!("{registry:?}"), r#"["store", "add", "twin"]"#);
    for (id, name, _) in SPECS {
        assert_eq!(registry.codec(CodecId(id)).unwrap().spec().name, name);
        assert_eq!(registry.by_name(name).unwrap().spec().id.0, id);
    }
    // The later one of a number replaces the earlier one.
    registry.register(Arc::new(Nth(1)));
    assert_eq!(registry.iter().count(), 3);
    // A codec that is noted as missing and came all the same is there.
    registry.note_missing(MissingCodec { id: CodecId(101), name: "twin", feature: "x" });
    assert!(registry.by_name("twin").is_ok() && registry.codec(CodecId(101)).is_ok());
}

//! What extracting a tree comes to, by table: tests/cases/plans.txt.

use super::Options;
use super::plan::{Link, Plan, memory};
use crate::cases::tree;
use minlen_core::testing::cases;
use minlen_core::{Env, ErrorKind, Limits};

fn shown(plan: &Plan) -> String {
    let folder = |(path, folder): (&std::path::PathBuf, &super::plan::FolderPlan)| {
        let path = path.display();
        if folder.given { path.to_string() } else { format!("({path})") }
    };
    let file = |file: &super::plan::FilePlan| {
        let parts: String = file.parts.iter().map(|(at, len)| format!(" {at}+{len}")).collect();
        format!("{}{parts} {} {}", file.path.display(), file.data_len, file.cost)
    };
    let link = |link: &super::plan::LinkPlan| match &link.to {
        Link::Symbolic(target) => format!("{}->{}", link.path.display(), target.display()),
        Link::Hard(to) => format!("{}={}", link.path.display(), plan.files[*to].path.display()),
    };
    let list = |parts: Vec<String>| parts.join(" ");
    let folders = list(plan.folders.iter().map(folder).collect());
    let files = plan.files.iter().map(file).collect::<Vec<_>>().join(", ");
    format!("{folders}; {files}; {}", list(plan.links.iter().map(link).collect())).trim().to_owned()
}

#[test]
fn plans_make_what_is_wanted_and_what_that_needs() {
    for case in cases::read(crate::cases::table!("plans"), 3) {
        let (tree, env) = (tree(case.fields[0]), Env::default());
        let wanted: Vec<u64> = if case.fields[1] == "*" { Vec::new() } else { case.numbers(1) };
        let picked = |i: usize| wanted.contains(&(i as u64));
        let selected: Option<&dyn Fn(usize) -> bool> =
            if case.fields[1] == "*" { None } else { Some(&picked) };
        let (plan, held) = Plan::new(&tree, selected, &Options::default(), &env).unwrap();
        // Every part of a file is found by where its bytes are in the content.
        let parts: u64 = plan.files.iter().map(|file| file.parts.len() as u64).sum();
        assert_eq!(plan.spans.overlapping(0..u64::MAX).count() as u64, parts, "line {}", case.line);
        assert!(held.bytes() > 0 || tree.entries.is_empty());
        case.expect(Ok(shown(&plan)));
        drop((plan, held));
        assert_eq!(env.budget.used(), 0, "line {}", case.line);
    }
}

#[test]
fn modes_lose_their_special_bits_unless_they_are_wanted() {
    let tree = tree("dir a mode=7755; file b - mode=4711");
    for (special_bits, modes) in [(false, [0o755, 0o711]), (true, [0o7755, 0o4711])] {
        let options = Options { special_bits, ..Options::default() };
        let (plan, _held) = Plan::new(&tree, None, &options, &Env::default()).unwrap();
        let folder = plan.folders.values().next().unwrap();
        assert_eq!([folder.mode, plan.files[0].mode], modes);
    }
}

#[test]
fn folders_that_only_paths_ask_for_count_as_output_and_as_entries() {
    let deep = tree("file a/b/c/d 0@4; dir a/b");
    let plan = |entries| {
        let mut limits = Limits::default();
        limits.entries = entries;
        Plan::new(&deep, None, &Options::default(), &Env::new(limits)).map(|(plan, _)| plan.output_len())
    };
    // Two of them, 4096 bytes each, and the bytes of the file.
    assert_eq!(plan(2).unwrap(), 2 * 4096 + 4);
    assert_eq!(plan(1).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn plans_are_charged() {
    let tree = tree("dir a; file a/b 0@4,~5,9@1; hard a/c 1; link l a");
    let made =
        |bytes| Plan::new(&tree, None, &Options::default(), &Env::new(Limits::default().with_memory(bytes)));
    let needed = (0..1 << 16).find(|&bytes| made(bytes).is_ok()).unwrap();
    assert_eq!(made(needed - 1).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(made(0).unwrap_err().kind(), ErrorKind::Limit);
    assert!(needed <= memory(&tree) + 1024, "{needed} bytes where {} were reckoned", memory(&tree));
}

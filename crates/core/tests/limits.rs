//! What decoding may cost: output, ratio, memory, and the sum of many reads.

use minlen_core::testing::cases;
use minlen_core::{Account, Advice, Budget, Env, ErrorKind, Limits, Reservation, Result};

#[test]
fn output_is_held_to_its_limits() {
    for case in cases::read(include_str!("cases/output.txt"), 5) {
        let mut limits = Limits::default().with_output(case.number(0));
        if case.fields[1] != "-" {
            limits = limits.with_ratio(case.number(1));
        }
        let (output, compressed) = (case.number(2), case.number(3));
        let checked = limits.check_output(output, compressed);
        // The same by way of an environment, with and without a sum.
        for env in [Env::new(limits.clone()), Env::new(limits.clone()).accounting()] {
            assert_eq!(env.claim(output, compressed).is_ok(), checked.is_ok(), "line {}", case.line);
        }
        case.expect(checked.map(|()| "yes"));
    }
    // Only without any limit does everything come out.
    assert!(Limits::none().check_output(u64::MAX, 0).is_ok());
}

#[test]
fn advice_says_which_limit_to_raise() {
    let advice = |limits: Limits, output| limits.check_output(output, 1).unwrap_err().advice();
    assert_eq!(advice(Limits::default().with_output(5), 6), Some(Advice::MoreOutput));
    assert_eq!(advice(Limits::default(), 1 << 40), Some(Advice::AnyRatio));
    let memory = Budget::new(5).reserve(6).unwrap_err();
    assert_eq!((memory.kind(), memory.advice()), (ErrorKind::Limit, Some(Advice::MoreMemory)));
}

#[test]
fn writers_add_what_readers_ask_for() {
    for case in cases::read(include_str!("cases/padding.txt"), 3) {
        let (output, stored) = (case.number(0), case.number(1));
        let padding = Limits::padding(output, stored);
        case.expect(Ok(padding));
        let file = stored.checked_add(padding).unwrap();
        assert!(Limits::default().check_output(output, file).is_ok(), "line {}", case.line);
    }
}

/// The bytes in use after these steps.
fn after(limit: u64, steps: &str) -> (Budget, Result<u64>) {
    let budget = Budget::new(limit);
    let mut held: Vec<Reservation> = Vec::new();
    let step = |held: &mut Vec<Reservation>, step: &str| -> Result<()> {
        match step.split_at(1) {
            ("+", bytes) => held.push(budget.reserve(cases::number(bytes))?),
            ("^", bytes) => held.last_mut().unwrap().grow(cases::number(bytes))?,
            _ => drop(held.pop().unwrap()),
        }
        Ok(())
    };
    for text in steps.split_whitespace() {
        let before = (budget.used(), held.iter().map(Reservation::bytes).collect::<Vec<_>>());
        if let Err(error) = step(&mut held, text) {
            // Nothing has changed.
            assert_eq!((budget.used(), held.iter().map(Reservation::bytes).collect::<Vec<_>>()), before);
            drop(held);
            return (budget, Err(error));
        }
        assert_eq!(budget.used(), held.iter().map(Reservation::bytes).sum());
    }
    let used = budget.used();
    drop(held);
    (budget, Ok(used))
}

#[test]
fn memory_is_taken_and_given_back() {
    for case in cases::read(include_str!("cases/budget.txt"), 3) {
        let (budget, used) = after(case.number(0), case.fields[1]);
        assert_eq!((budget.used(), budget.limit()), (0, case.number(0)), "line {}", case.line);
        case.expect(used);
    }
}

#[test]
fn clones_share_one_budget_and_one_sum() {
    let env = Env::new(Limits::default().with_memory(10).with_output(10)).accounting();
    let held = env.clone().budget.reserve(7).unwrap();
    assert!(env.budget.reserve(4).is_err() && env.budget.limit() == 10);
    drop(held);
    assert!(env.budget.reserve(4).is_ok());
    env.clone().claim(6, 1).unwrap();
    assert!(env.claim(5, 1).is_err());
    env.claim(4, 1).unwrap();
    assert_eq!(env.account.as_ref().map(Account::claimed), Some(10));
    // Without a sum, every call stands alone.
    let alone = Env::new(Limits::default().with_output(10));
    assert!((0..5).all(|_| alone.claim(10, 1).is_ok()) && alone.claim(11, 1).is_err());
}

#[test]
fn a_sum_never_wraps_around() {
    let (account, limits) = (Account::default(), Limits::none());
    account.claim(u64::MAX - 1, 1, &limits).unwrap();
    account.claim(5, 1, &limits).unwrap();
    assert_eq!(account.claimed(), u64::MAX);
    assert!(account.claim(1, 1, &limits.with_output(u64::MAX - 1)).is_err());
}

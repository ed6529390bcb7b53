//! Panics of a library on strange input, turned into an answer without a message on the terminal.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; nothing if it panicked.
///
/// The process's panic hook is wrapped once, by one that says nothing while this runs on the panicking thread and passes
/// everything else on.
pub(super) fn caught<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    let outer = QUIET.replace(true);
    let answer = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(outer);
    answer.ok().flatten()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_panic_is_no_answer() {
        assert_eq!(super::caught(|| Some(1)), Some(1));
        assert_eq!(super::caught::<u8>(|| panic!("not to be seen")), None);
    }
}

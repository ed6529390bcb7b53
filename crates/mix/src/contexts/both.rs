//! All contexts, for text and for other data, at once.

use super::{Binary, Contexts, Text, View};

const TEXT: usize = 46;
const BINARY: usize = 52;
const N: usize = TEXT + BINARY;

/// What [`Text`] and what [`Binary`] look at. Files are seldom only the one: databases hold text, tables hold records.
#[derive(Clone, Debug)]
pub struct Both {
    text: Text,
    binary: Binary,
}

impl Both {
    /// With or without contexts for x86 machine code.
    #[must_use]
    pub fn new(x86: bool) -> Self {
        Self { text: Text::default(), binary: Binary::new(x86) }
    }
}

/// Selectors of [`Text`].
const FIRST: usize = <Text as Contexts<TEXT>>::SELECTORS.len();

impl Contexts<N> for Both {
    const DEEP: bool = true;
    const RUNS: bool = true;
    const LSTM: bool = true;
    const ORDERS: usize = <Text as Contexts<TEXT>>::ORDERS;
    const MATCH_LENGTHS: &'static [usize] = &[4, 6, 12, 24];
    const SELECTORS: &'static [usize] = &{
        let (text, binary) = (<Text as Contexts<TEXT>>::SELECTORS, <Binary as Contexts<BINARY>>::SELECTORS);
        let mut all = [0; FIRST + <Binary as Contexts<BINARY>>::SELECTORS.len()];
        let mut i = 0;
        while i < all.len() {
            all[i] = if i < FIRST { text[i] } else { binary[i - FIRST] };
            i += 1;
        }
        all
    };

    fn next(&mut self, view: &View, names: &mut [u64; N]) {
        if let Some((text, rest)) = names.split_first_chunk_mut::<TEXT>() {
            self.text.next(view, text);
            if let Some(binary) = rest.first_chunk_mut::<BINARY>() {
                self.binary.next(view, binary);
            }
        }
    }

    fn sse_context(&self) -> u64 {
        Contexts::<TEXT>::sse_context(&self.text)
    }

    fn select(&self, view: &View, mut choose: impl FnMut(usize, usize)) {
        Contexts::<TEXT>::select(&self.text, view, &mut choose);
        Contexts::<BINARY>::select(&self.binary, view, |group, context| choose(FIRST + group, context));
    }
}

//! Code lengths as zlib makes them: a heap that breaks ties by depth, and its way to shorten words that are too long.
//!
//! Other compressors use other rules; where lengths differ from these, the difference is coded.

/// Code lengths of at most `limit` bits for these frequencies; up to the last symbol with a word, at least two of them.
pub(super) fn lengths(freqs: &[u32], limit: usize) -> Vec<u8> {
    let elems = freqs.len();
    let mut freq: Vec<u64> = freqs.iter().map(|&f| u64::from(f)).collect();
    let mut leaves: Vec<u32> = (0..elems).filter(|&i| freq[i] > 0).map(|i| i as u32).collect();
    // One past the last symbol with a word.
    let mut top = leaves.last().map_or(0, |&l| l as usize + 1);
    while leaves.len() < 2 {
        // At least two words: on the next of the first three symbols, or on symbol 0.
        let symbol = if top < 3 { top } else { 0 };
        top = top.max(symbol + 1);
        freq[symbol] = 1;
        leaves.push(symbol as u32);
    }
    let mut tree = Tree { freq, depth: vec![0; elems], heap: leaves };
    let (order, parent) = tree.build(elems);
    let mut out = assign(&order, &parent, elems, limit);
    out.truncate(top);
    out
}

struct Tree {
    freq: Vec<u64>,
    depth: Vec<u32>,
    heap: Vec<u32>,
}

impl Tree {
    fn smaller(&self, a: u32, b: u32) -> bool {
        let (a, b) = (a as usize, b as usize);
        (self.freq[a], self.depth[a]) < (self.freq[b], self.depth[b])
            || self.freq[a] == self.freq[b] && self.depth[a] == self.depth[b]
    }

    fn sift(&mut self, mut at: usize) {
        let node = self.heap[at];
        loop {
            let mut child = 2 * at + 1;
            if child >= self.heap.len() {
                break;
            }
            if child + 1 < self.heap.len() && self.smaller(self.heap[child + 1], self.heap[child]) {
                child += 1;
            }
            if self.smaller(node, self.heap[child]) {
                break;
            }
            self.heap[at] = self.heap[child];
            at = child;
        }
        self.heap[at] = node;
    }

    /// Joins the two least frequent nodes until one is left. Nodes in the order of leaving the heap, the root last; and each
    /// node's parent.
    fn build(&mut self, elems: usize) -> (Vec<u32>, Vec<u32>) {
        for at in (0..self.heap.len() / 2).rev() {
            self.sift(at);
        }
        let mut order = Vec::with_capacity(2 * self.heap.len());
        let mut parent = vec![0u32; elems + self.heap.len()];
        while self.heap.len() > 1 {
            let first = self.heap[0];
            self.heap[0] = self.heap.pop().unwrap_or(0);
            self.sift(0);
            let second = self.heap[0];
            order.extend([first, second]);
            let node = self.freq.len() as u32;
            let (a, b) = (first as usize, second as usize);
            self.freq.push(self.freq[a] + self.freq[b]);
            self.depth.push(self.depth[a].max(self.depth[b]) + 1);
            (parent[a], parent[b]) = (node, node);
            self.heap[0] = node;
            self.sift(0);
        }
        order.extend(&self.heap);
        (order, parent)
    }
}

/// The depth of each leaf, with those that are too deep moved up and others down.
fn assign(order: &[u32], parent: &[u32], elems: usize, limit: usize) -> Vec<u8> {
    let mut depth = vec![0u8; parent.len()];
    let mut counts = [0i32; 17];
    let mut overflow = 0;
    let mut from_root = order.iter().rev().map(|&n| n as usize);
    let root = from_root.next();
    for node in from_root.filter(|n| Some(*n) != root) {
        let mut bits = usize::from(depth[parent[node] as usize]) + 1;
        if bits > limit {
            bits = limit;
            overflow += 1;
        }
        depth[node] = bits as u8;
        if node < elems {
            counts[bits] += 1;
        }
    }
    if overflow > 0 {
        while overflow > 0 {
            let mut bits = limit - 1;
            while bits > 0 && counts[bits] == 0 {
                bits -= 1;
            }
            counts[bits] -= 1;
            counts[bits + 1] += 2;
            counts[limit] -= 1;
            overflow -= 2;
        }
        let mut leaves = order.iter().map(|&n| n as usize).filter(|&n| n < elems);
        for bits in (1..=limit).rev() {
            for leaf in leaves.by_ref().take(counts[bits].max(0) as usize) {
                depth[leaf] = bits as u8;
            }
        }
    }
    depth.truncate(elems);
    depth
}

/// The run-length symbols that zlib spells these lengths with: the two alphabets each on its own.
pub(super) fn spell(lengths: &[u8], literals: usize) -> Vec<(u8, u8)> {
    let mut ops = Vec::new();
    let (first, second) = lengths.split_at(literals.min(lengths.len()));
    for part in [first, second] {
        let mut at = 0;
        let mut before = None;
        while at < part.len() {
            let value = part[at];
            let run = part[at..].iter().take_while(|&&l| l == value).count();
            let (op, taken) = step(value, run, before == Some(value));
            ops.push(op);
            before = Some(value);
            at += taken;
        }
    }
    ops
}

/// The next symbol for a run of a value, and how much of the run it takes.
fn step(value: u8, run: usize, repeats: bool) -> ((u8, u8), usize) {
    if value == 0 {
        return match run {
            11.. => ((18, (run.min(138) - 11) as u8), run.min(138)),
            3.. => ((17, (run - 3) as u8), run),
            _ => ((0, 0), 1),
        };
    }
    if repeats && run >= 3 { ((16, (run.min(6) - 3) as u8), run.min(6)) } else { ((value, 0), 1) }
}

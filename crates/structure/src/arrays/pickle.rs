//! Reads a Python pickle into a graph of values without executing anything.
//!
//! Source: `pickletools.py` of CPython, protocols 0 to 5. A call (`REDUCE`, `NEWOBJ`, `BUILD`, ...) stays a description of itself, so
//! the worst that a hostile pickle can do is to be refused. Memory is linear in its length: each instruction adds at most one value.

use minlen_core::{Error, Result};
use std::collections::BTreeMap;

/// Values of one pickle.
const MAX_NODES: usize = 1 << 20;

/// Index of a value.
pub type Id = u32;

/// A value.
#[derive(Clone, Debug)]
pub enum Node<'a> {
    /// Numbers, truth values and all else that does not matter here.
    Other,
    /// A whole number.
    Int(i64),
    /// A string, or bytes.
    Text(&'a [u8]),
    /// Module and name of a class or function.
    Global(&'a [u8], &'a [u8]),
    /// Values by position.
    Tuple(Vec<Id>),
    /// A list, a dictionary, or an object: how it is made, and what was put into it with or without a key.
    Object(Option<(Id, Id)>, Vec<(Option<Id>, Id)>),
    /// Something outside of the pickle, by its description.
    Persistent(Id),
}

/// A pickle that was read.
pub struct Pickle<'a> {
    nodes: Vec<Node<'a>>,
    /// The value as a whole.
    pub root: Id,
}

impl<'a> Pickle<'a> {
    /// The value with this index.
    pub fn node(&self, id: Id) -> &Node<'a> {
        self.nodes.get(id as usize).unwrap_or(&Node::Other)
    }

    /// The values of a tuple; none for anything else.
    pub fn tuple(&self, id: Id) -> &[Id] {
        match self.node(id) {
            Node::Tuple(items) => items,
            _ => &[],
        }
    }

    /// A whole number.
    pub fn int(&self, id: Id) -> Option<i64> {
        match self.node(id) {
            Node::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Values in all.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Reads a pickle.
    ///
    /// # Errors
    /// Corrupt, truncated, or a limit; unsupported for instructions that no checkpoint has.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut machine = Machine {
            bytes,
            at: 0,
            nodes: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: BTreeMap::new(),
        };
        while let Some(&code) = bytes.get(machine.at) {
            machine.at += 1;
            if code == b'.' {
                let root = machine.pop()?;
                return Ok(Self { nodes: machine.nodes, root });
            }
            machine.step(code)?;
        }
        Err(Error::truncated("the pickle ends too early"))
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node<'a>>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: BTreeMap<u32, Id>,
}

impl<'a> Machine<'a> {
    fn error(&self, what: &str) -> Error {
        Error::corrupt(format!("pickle: {what} before byte {}", self.at))
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8]> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..len).ok_or_else(|| self.error("too short"))?;
        self.at += len;
        Ok(taken)
    }

    /// A little-endian number of so many bytes.
    fn number(&mut self, bytes: u64) -> Result<u64> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)))
    }

    fn line(&mut self) -> Result<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(|| self.error("no end of line"))?;
        self.at += end + 1;
        Ok(&rest[..end])
    }

    fn decimal(&mut self) -> Result<Option<i64>> {
        let line = self.line()?;
        Ok(std::str::from_utf8(line).ok().and_then(|text| text.trim_end_matches('L').parse().ok()))
    }

    fn push(&mut self, node: Node<'a>) -> Result<()> {
        if self.nodes.len() >= MAX_NODES {
            return Err(Error::limit("pickle of more than a million values"));
        }
        self.stack.push(self.nodes.len() as Id);
        self.nodes.push(node);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let top = if self.stack.len() > floor { self.stack.pop() } else { None };
        top.ok_or_else(|| self.error("empty stack"))
    }

    fn top(&self) -> Result<Id> {
        self.stack.last().copied().ok_or_else(|| self.error("empty stack"))
    }

    /// Everything above the last mark.
    fn marked(&mut self) -> Result<Vec<Id>> {
        let from = self.marks.pop().ok_or_else(|| self.error("no mark"))?;
        Ok(self.stack.split_off(from.min(self.stack.len())))
    }

    /// Puts values into the object on top.
    fn put(&mut self, items: impl IntoIterator<Item = (Option<Id>, Id)>) -> Result<()> {
        let top = self.top()?;
        if let Some(Node::Object(_, held)) = self.nodes.get_mut(top as usize) {
            held.extend(items);
        }
        Ok(())
    }

    fn object(&mut self, items: Vec<(Option<Id>, Id)>) -> Result<()> {
        self.push(Node::Object(None, items))
    }

    fn call(&mut self, with_names: bool) -> Result<()> {
        let names = if with_names { Some((None, self.pop()?)) } else { None };
        let (arguments, function) = (self.pop()?, self.pop()?);
        self.push(Node::Object(Some((function, arguments)), names.into_iter().collect()))
    }

    fn tuple(&mut self, items: Vec<Id>) -> Result<()> {
        self.push(Node::Tuple(items))
    }

    fn last(&mut self, count: usize) -> Result<Vec<Id>> {
        let mut items = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>>>()?;
        items.reverse();
        Ok(items)
    }

    fn remember(&mut self, index: u64) -> Result<()> {
        let top = self.top()?;
        self.memo.insert(index as u32, top);
        Ok(())
    }

    fn recall(&mut self, index: u64) -> Result<()> {
        let id = self.memo.get(&(index as u32)).copied();
        self.stack.push(id.ok_or_else(|| self.error("unknown memo"))?);
        Ok(())
    }

    /// One instruction.
    fn step(&mut self, code: u8) -> Result<()> {
        match code {
            // PROTO, FRAME
            0x80 => self.take(1).map(|_| ()),
            0x95 => self.take(8).map(|_| ()),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(|_| ()),
            b'1' => self.marked().map(|_| ()),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            b'p' | b'g' => {
                let index = self.decimal()?.unwrap_or(-1) as u64;
                if code == b'p' { self.remember(index) } else { self.recall(index) }
            }
            b'q' | b'r' => {
                let index = self.number(if code == b'q' { 1 } else { 4 })?;
                self.remember(index)
            }
            b'h' | b'j' => {
                let index = self.number(if code == b'h' { 1 } else { 4 })?;
                self.recall(index)
            }
            0x94 => self.remember(self.memo.len() as u64),
            _ => self.scalar(code),
        }
    }

    /// Instructions that push a plain value.
    fn scalar(&mut self, code: u8) -> Result<()> {
        let node = match code {
            b'N' | 0x88 | 0x89 => Node::Other,
            b'F' => self.line().map(|_| Node::Other)?,
            b'G' => self.take(8).map(|_| Node::Other)?,
            b'I' | b'L' => self.decimal()?.map_or(Node::Other, Node::Int),
            b'J' => Node::Int(i64::from(self.number(4)? as i32)),
            b'K' => Node::Int(self.number(1)? as i64),
            b'M' => Node::Int(self.number(2)? as i64),
            0x8a | 0x8b => {
                let len = self.number(if code == 0x8a { 1 } else { 4 })?;
                let digits = self.take(len)?;
                // Sizes are positive; what does not fit is no size.
                let low = digits.iter().take(8).rev().fold(0u64, |all, byte| all << 8 | u64::from(*byte));
                if len <= 8 { i64::try_from(low).map_or(Node::Other, Node::Int) } else { Node::Other }
            }
            b'S' | b'V' => Node::Text(self.line()?),
            b'U' | b'C' | 0x8c => self.text(1)?,
            b'T' | b'X' | b'B' => self.text(4)?,
            0x8d | 0x8e | 0x96 => self.text(8)?,
            b'c' => Node::Global(self.line()?, self.line()?),
            b'P' => Node::Text(self.line()?),
            _ => return self.compound(code),
        };
        self.push(node)
    }

    fn text(&mut self, width: u64) -> Result<Node<'a>> {
        let len = self.number(width)?;
        Ok(Node::Text(self.take(len)?))
    }

    /// Instructions that build on what is on the stack.
    fn compound(&mut self, code: u8) -> Result<()> {
        match code {
            b')' => self.tuple(Vec::new()),
            0x85..=0x87 => {
                let items = self.last(usize::from(code - 0x84))?;
                self.tuple(items)
            }
            b't' => {
                let items = self.marked()?;
                self.tuple(items)
            }
            b'}' | b']' | 0x8f => self.object(Vec::new()),
            b'l' | 0x91 => {
                let items = self.marked()?;
                self.object(items.into_iter().map(|id| (None, id)).collect())
            }
            b'd' => {
                let items = self.marked()?;
                self.object(pairs(&items))
            }
            b'a' | b'b' => {
                let item = self.pop()?;
                self.put([(None, item)])
            }
            b'e' | 0x90 => {
                let items = self.marked()?;
                self.put(items.into_iter().map(|id| (None, id)))
            }
            b's' => {
                let items = self.last(2)?;
                self.put(pairs(&items))
            }
            b'u' => {
                let items = self.marked()?;
                self.put(pairs(&items))
            }
            b'R' | 0x81 => self.call(false),
            0x92 => self.call(true),
            b'Q' => {
                let id = self.pop()?;
                self.push(Node::Persistent(id))
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let node = match (&self.nodes[module as usize], &self.nodes[name as usize]) {
                    (Node::Text(module), Node::Text(name)) => Node::Global(module, name),
                    _ => return Err(self.error("a global without a name")),
                };
                self.push(node)
            }
            _ => Err(Error::unsupported(format!("pickle instruction {code:#04x} before byte {}", self.at))),
        }
    }
}

/// Keys and values in turn.
fn pairs(items: &[Id]) -> Vec<(Option<Id>, Id)> {
    items.chunks_exact(2).map(|pair| (Some(pair[0]), pair[1])).collect()
}

//! What samples are, whatever file they are in.

use minlen_core::Result;
use minlen_core::layout::{Element, Layout, Span};
use minlen_structure::Source;

/// Bytes hashed at a time: whole numbers of every width.
const WINDOW: usize = 1 << 20;

/// The BLAKE3 hash of the samples that a file declares: of each span in the order of names its name, type and sizes and then its elements,
/// low bytes first, in the order in which they lie in the file. Two files of the same samples have the same one, whatever their
/// format, byte order, metadata or the version of the program that wrote them. (Dimensions in another order in the file make another hash.)
///
/// ```
/// use minlen::layout::Parsers;
/// use minlen::nearby::samples_hash;
/// // The same two numbers, once with a remark in the header.
/// let file = |header: &str| [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[1, 2, 3, 4]].concat();
/// let one = file(r#"{"w":{"dtype":"U16","shape":[2],"data_offsets":[0,4]}}"#);
/// let two = file(r#"{"__metadata__":{"by":"me"},"w":{"dtype":"U16","shape":[2],"data_offsets":[0,4]}}"#);
/// let hash = |file: &[u8]| samples_hash(&file, &Parsers::default().layout(&file)?.expect("arrays"));
/// assert!(one != two && hash(&one)? == hash(&two)?);
/// # Ok::<(), minlen::Error>(())
/// ```
///
/// # Errors
/// Whatever reading gives.
pub fn samples_hash(source: &dyn Source, layout: &Layout) -> Result<[u8; 32]> {
    let mut spans: Vec<&Span> = layout.spans.iter().collect();
    spans.sort_by(|a, b| (&a.name, a.start).cmp(&(&b.name, b.start)));
    let mut hasher = blake3::Hasher::new();
    let mut window = vec![0; WINDOW];
    for span in spans {
        let declared = span.declared();
        let name = match &declared.element {
            Element::Number(dtype) => dtype.name().to_owned(),
            Element::Unknown => "bytes".to_owned(),
            _ => declared.clone().big_endian(false).name(),
        };
        for text in [&span.name, &name] {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        let sizes = declared.stored_shape();
        hasher.update(&(sizes.len() as u64).to_le_bytes());
        for size in sizes {
            hasher.update(&size.to_le_bytes());
        }
        let width = if declared.big_endian {
            declared.width().max(declared.unit.1 as usize / parts(&declared.element))
        } else {
            1
        };
        let mut at = 0;
        while at < span.len {
            let len = (span.len - at).min((WINDOW / 48 * 48) as u64) as usize;
            source.read_at(span.start + at, &mut window[..len])?;
            if width > 1 {
                window[..len].chunks_exact_mut(width).for_each(<[u8]>::reverse);
            }
            hasher.update(&window[..len]);
            at += len as u64;
        }
    }
    Ok(*hasher.finalize().as_bytes())
}

/// Numbers in an element.
fn parts(element: &Element) -> usize {
    if matches!(element, Element::Complex(_)) { 2 } else { 1 }
}

//! Makes a prior: `prior KIND NAME WINDOW OUT`, with KIND text, binary or x86.

use minlen_mix::cm::Type;
use minlen_mix::prior::Prior;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, kind, name, window, out] = args.as_slice() else {
        return Err("prior KIND NAME WINDOW OUT".into());
    };
    let kind = match kind.as_str() {
        "text" => Type::Text,
        "binary" => Type::Binary,
        _ => Type::X86,
    };
    std::fs::write(out, Prior::new(name, kind, std::fs::read(window)?)?.to_bytes()?)?;
    Ok(())
}

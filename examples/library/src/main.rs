//! The library of minlen from outside: buffers, sockets, archives in memory, seeking, limits, stopping, a codec and a layout of one's
//! own. Every step checks what it got; run it with `scripts/sample.sh`.

mod codec;
mod layout;

use minlen::archive::{Archive, Builder, Entry, Keys};
use minlen::{Cancel, Decoder, Encoder, Env, ErrorKind, Limits, Options};
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Done = Result<(), Failure>;

fn main() -> Done {
    let steps: [(&str, fn() -> Done); 8] = [
        ("one buffer", one_shot),
        ("requests and responses over a socket", socket),
        ("an archive in memory, and a member read with seek", archive),
        ("limits", limits),
        ("stopping", stopping),
        ("a codec of one's own", codec::run),
        ("a layout of one's own", layout::run),
        ("floats near the original", nearby),
    ];
    for (what, step) in steps {
        step().map_err(|error| format!("{what}: {error}"))?;
        println!("ok: {what}");
    }
    Ok(())
}

fn text() -> Vec<u8> {
    (0..2000).map(|i| format!("line {i}: to compress is to predict\n")).collect::<String>().into_bytes()
}

fn check(is_right: bool, what: &str) -> Done {
    if is_right { Ok(()) } else { Err(what.into()) }
}

fn one_shot() -> Done {
    let text = text();
    let small = minlen::compress(&text, &Options::new(5)?)?;
    check(small.len() * 10 < text.len(), "it is not small")?;
    check(minlen::decompress(&small, &Limits::default())? == text, "it came back otherwise")
}

/// Each request is flushed, so that the other side has all of it while the stream stays open.
fn socket() -> Done {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = std::thread::spawn(move || -> Done {
        let (stream, _) = listener.accept()?;
        let requests = BufReader::new(stream.try_clone()?);
        let (options, env) = (Options::new(3)?, Env::default());
        let mut requests = Decoder::single(requests, &options, &env)?.interactive();
        let mut responses = Encoder::new(stream, &options, &env)?;
        let mut number = [0; 4];
        for _ in 0..100 {
            requests.read_exact(&mut number)?;
            responses.write_all(&(u32::from_le_bytes(number) * 2).to_le_bytes())?;
            responses.flush()?;
        }
        // The end of the stream is read, too: it holds the hash of everything.
        check(requests.read(&mut number)? == 0, "one more request")?;
        responses.finish()?;
        Ok(())
    });
    let stream = TcpStream::connect(address)?;
    let (options, env) = (Options::new(3)?, Env::default());
    let mut responses = Decoder::single(BufReader::new(stream.try_clone()?), &options, &env)?.interactive();
    let mut requests = Encoder::new(stream, &options, &env)?;
    for number in 0..100u32 {
        requests.write_all(&number.to_le_bytes())?;
        requests.flush()?;
        let mut answer = [0; 4];
        responses.read_exact(&mut answer)?;
        check(u32::from_le_bytes(answer) == number * 2, "another answer")?;
    }
    requests.finish()?;
    server.join().map_err(|_| "the server panicked")?
}

fn archive() -> Done {
    let text = text();
    let mut builder = Builder::new();
    builder.add(Entry::folder("notes"))?;
    builder.add(Entry::file("notes/a.txt", &text[..]).with_mode(0o600).with_mtime(1_700_000_000, 0))?;
    builder.add(Entry::reader("notes/b.bin", Cursor::new(vec![7; 100_000])))?;
    let (bytes, summary) = builder.write(Vec::new(), &Options::new(5)?, &Env::default())?;
    check(summary.files == 2, "not two files")?;

    // Over borrowed bytes: nothing is copied, and no file is needed.
    let mut archive =
        Archive::from_reader(Cursor::new(&bytes[..]), &Keys::default(), &Options::default(), &Env::default())?;
    let mut member = archive.member_reader(b"notes/a.txt")?;
    member.seek(SeekFrom::End(-20))?;
    let mut end = String::new();
    member.read_to_string(&mut end)?;
    check(text.ends_with(end.as_bytes()) && end.len() == 20, "another end")
}

fn limits() -> Done {
    let bomb = minlen::compress(&vec![0; 50 << 20], &Options::new(1)?)?;
    let tight = Limits::default().with_output(1 << 20);
    let error = minlen::decompress(&bomb, &tight).err().ok_or("50 MiB came out of a limit of 1 MiB")?;
    check(error.kind() == ErrorKind::Limit, "another error")
}

fn stopping() -> Done {
    let cancel = Cancel::default();
    let env = Env::default().with_cancel(cancel.clone());
    cancel.cancel();
    let error = minlen::compress_with(&text(), &Options::new(5)?, &env).err().ok_or("it went on")?;
    check(error.kind() == ErrorKind::Cancelled, "another error")
}

fn nearby() -> Done {
    use minlen::layout::Dtype;
    use minlen::{MaxError, Target};
    let field: Vec<u8> = (0..64 * 64u32).flat_map(|i| ((i % 64) as f32 * 0.1).sin().to_le_bytes()).collect();
    let options = Options::new(5)?.with_shape(Dtype::F32, &[64, 64]);
    let options = options.with_target(Target::MaxError(MaxError::Absolute(0.01)))?;
    let small = minlen::compress(&field, &options)?;
    let back = minlen::decompress(&small, &Limits::default())?;
    let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    let worst = field.chunks(4).zip(back.chunks(4)).map(|(a, b)| (number(a) - number(b)).abs());
    check(worst.fold(0f32, f32::max) <= 0.01, "further off than was allowed")
}

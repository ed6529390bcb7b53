//! Streams among other things: on a socket, before other bytes, one after another, told as progress.

use minlen::{Decoder, Encoder, Env, ErrorKind, Event, Limits, Options, Progress};
use minlen_core::testing::random_case;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

fn options(level: u8, threads: usize) -> Options {
    Options::new(level).unwrap().with_threads(threads).with_block_size(5000)
}

/// Contents of every form that a stream may have: none, compact, full, several blocks.
fn contents() -> Vec<Vec<u8>> {
    let long = (0..6).flat_map(|seed| random_case(seed, 9000)).collect();
    vec![Vec::new(), b"a few words".to_vec(), random_case(3, 4000), long]
}

#[test]
fn not_one_byte_behind_a_single_stream_is_read() {
    for threads in [1, 3] {
        let options = options(2, threads);
        // One byte behind the stream would be lost in a reader that gives what it is asked for and no more.
        let mut all = Vec::new();
        for compact in [true, false] {
            for content in contents() {
                let small = minlen::compress(&content, &options.clone().with_compact(compact)).unwrap();
                all.extend([&small[..], &[0x8d], b"behind"].concat());
            }
        }
        let mut rest = &all[..];
        for content in contents().into_iter().cycle().take(8) {
            let mut out = Vec::new();
            let mut decoder = Decoder::single(rest, &options, &Env::default()).unwrap();
            decoder.read_to_end(&mut out).unwrap();
            assert!(out == content);
            assert!(decoder.get_ref().starts_with(b"\x8dbehind"));
            assert_eq!(decoder.read(&mut [0; 9]).unwrap(), 0);
            rest = &decoder.into_inner()[7..];
        }
        assert!(rest.is_empty());
    }
}

#[test]
fn behind_the_streams_of_a_file_nothing_else_may_follow() {
    let options = options(1, 1);
    let one = minlen::compress(b"one", &options).unwrap();
    let long = random_case(1, 300_000);
    let two = minlen::compress(&long, &options).unwrap();
    let both = minlen::decompress(&[&one[..], &two].concat(), &Limits::default()).unwrap();
    assert!(both == [b"one", &long[..]].concat());
    let error = minlen::decompress(&[&one[..], b"behind"].concat(), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

/// Runs `job` on a thread of its own and fails, rather than waits for ever, where it does not end.
fn ends(job: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        job();
        done.send(()).unwrap();
    });
    assert_ne!(wait.recv_timeout(Duration::from_secs(120)), Err(mpsc::RecvTimeoutError::Timeout), "deadlock");
    thread.join().unwrap();
}

/// What is answered: the lines of a request turned around, of very different lengths.
fn answer(request: &str) -> String {
    let turned: String = request.trim_end().chars().rev().collect();
    turned.repeat(1 + request.len() % 7 * 300) + "\n"
}

fn serve(stream: UnixStream, options: &Options) {
    let env = Env::default();
    let mut requests = Decoder::single(stream.try_clone().unwrap(), options, &env).unwrap().interactive();
    let mut answers = Encoder::new(stream, options, &env).unwrap();
    loop {
        let mut request = String::new();
        if requests.read_line(&mut request).unwrap() == 0 {
            break;
        }
        answers.write_all(answer(&request).as_bytes()).unwrap();
        answers.flush().unwrap();
    }
    answers.finish().unwrap();
}

fn converse(stream: UnixStream, options: &Options, rounds: usize) {
    let env = Env::default();
    let mut requests = Encoder::new(stream.try_clone().unwrap(), options, &env).unwrap();
    let answers = Decoder::single(stream, options, &env).unwrap();
    // One thread reads nothing ahead by itself.
    let mut answers = if options.effective_threads() > 1 { answers.interactive() } else { answers };
    for round in 0..rounds {
        let request = format!("request number {round}{}\n", "!".repeat(round % 5 * 40));
        requests.write_all(request.as_bytes()).unwrap();
        requests.flush().unwrap();
        requests.flush().unwrap();
        let mut heard = String::new();
        answers.read_line(&mut heard).unwrap();
        assert_eq!(heard, answer(&request));
    }
    requests.finish().unwrap();
    let mut rest = Vec::new();
    answers.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
}

#[test]
fn requests_and_responses_go_through_a_socket_block_by_block() {
    for (level, threads) in [(1, 1), (3, 4), (5, 2)] {
        ends(move || {
            let (here, there) = UnixStream::pair().unwrap();
            let options = options(level, threads);
            let served = options.clone();
            let server = std::thread::spawn(move || serve(there, &served));
            converse(here, &options, 100);
            server.join().unwrap();
        });
    }
}

#[test]
fn a_flush_with_nothing_to_write_adds_nothing() {
    let options = options(2, 2).with_compact(false);
    let data = random_case(5, 20_000);
    let written = |flushes: &dyn Fn(usize) -> bool| {
        let mut encoder = Encoder::new(Vec::new(), &options, &Env::default()).unwrap();
        encoder.flush().unwrap();
        assert!(encoder.get_ref().is_empty());
        for (number, piece) in data.chunks(5000).enumerate() {
            encoder.write_all(piece).unwrap();
            if flushes(number) {
                encoder.flush().unwrap();
            }
        }
        encoder.finish().unwrap()
    };
    // Blocks end there by themselves.
    let plain = written(&|_| false);
    assert!(written(&|_| true) == plain && written(&|number| number == 2) == plain);
    assert!(plain == minlen::compress(&data, &options).unwrap());
}

#[test]
fn what_was_flushed_can_be_taken_out_of_the_writer_and_decoded() {
    let data: Vec<Vec<u8>> = (0..5).map(|seed| random_case(seed, 3000)).collect();
    let mut encoder = Encoder::new(Vec::new(), &options(3, 1), &Env::default()).unwrap();
    let mut sent = Vec::new();
    for piece in &data {
        encoder.write_all(piece).unwrap();
        encoder.flush().unwrap();
        sent.append(encoder.get_mut());
        // All of it can be had; then the stream is missing its end.
        let mut decoder = Decoder::new(&sent[..], &Options::default(), &Env::default()).unwrap();
        let mut out = Vec::new();
        let error = decoder.read_to_end(&mut out).unwrap_err();
        assert_eq!(minlen::Error::from(error).kind(), ErrorKind::Truncated);
        assert!(data.concat().starts_with(&out) && out.ends_with(piece));
    }
    sent.extend(encoder.finish().unwrap());
    assert!(minlen::decompress(&sent, &Limits::default()).unwrap() == data.concat());
}

#[test]
fn lines_are_read_from_a_decoder_without_a_buffer_around_it() {
    let text = "one\ntwo\n".repeat(5000);
    let small = minlen::compress(text.as_bytes(), &options(2, 1)).unwrap();
    let decoder = Decoder::new(BufReader::new(&small[..]), &Options::default(), &Env::default()).unwrap();
    let lines: Vec<String> = decoder.lines().collect::<Result<_, _>>().unwrap();
    assert_eq!((lines.len(), &lines[9998..]), (10_000, &["one".to_owned(), "two".to_owned()][..]));
}

#[derive(Default)]
struct Told {
    total: AtomicU64,
    input: AtomicU64,
    output: AtomicU64,
}

impl Progress for Told {
    fn event(&self, event: Event) {
        match event {
            Event::Total { bytes } => self.total.store(bytes, Ordering::Relaxed),
            Event::Advance { input, output } => {
                self.input.fetch_add(input, Ordering::Relaxed);
                self.output.fetch_add(output, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

#[test]
fn buffers_tell_their_progress_in_full() {
    for (threads, compact) in [(1, true), (1, false), (3, true), (3, false)] {
        for content in contents() {
            let options = options(3, threads).with_compact(compact);
            let told = Arc::new(Told::default());
            let env = Env::default().with_progress(told.clone());
            let sum =
                |told: &Told| [&told.total, &told.input, &told.output].map(|n| n.load(Ordering::Relaxed));
            let small = minlen::compress_with(&content, &options, &env).unwrap();
            let [total, input, output] = sum(&told);
            assert_eq!((total, input), (content.len() as u64, content.len() as u64));
            assert!(output <= small.len() as u64);
            let told = Arc::new(Told::default());
            let env = Env::default().with_progress(told.clone());
            minlen::decompress_with(&small, &options, &env).unwrap();
            let small = small.len() as u64;
            assert_eq!(sum(&told), [small, small, content.len() as u64]);
        }
    }
}

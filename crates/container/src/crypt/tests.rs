use super::write::encrypt_with;
use super::*;
use minlen_core::testing::Rng;
use minlen_core::{Env, ErrorKind, Limits, Result};
use std::io::{Cursor, Read, Seek, SeekFrom, Write};

const LOW: u8 = 4;

pub(super) fn data(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i * i / 7) as u8).collect()
}

pub(super) fn sealed(data: &[u8], recipients: &Recipients) -> Vec<u8> {
    let mut writer = encrypt_with(Vec::new(), recipients, LOW).unwrap();
    data.chunks(1000).for_each(|chunk| writer.write_all(chunk).unwrap());
    writer.finish().unwrap()
}

pub(super) fn pass(text: &str) -> (Recipients, Unlock) {
    (Recipients::Passphrase(secret(text)), Unlock { passphrase: Some(secret(text)), identities: vec![] })
}

pub(super) fn key() -> (Recipients, Unlock) {
    let (secret, public) = generate();
    let (_, other) = generate();
    (
        Recipients::Keys(vec![other, public]),
        Unlock { passphrase: None, identities: vec![generate().0, secret] },
    )
}

fn open(bytes: &[u8], unlock: &Unlock) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    open_reader(Cursor::new(bytes), unlock, &Env::default())?.read_to_end(&mut out)?;
    Ok(out)
}

fn pipe(bytes: &[u8], unlock: &Unlock) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    decrypt_pipe(bytes, unlock, &Env::default())?.read_to_end(&mut out)?;
    Ok(out)
}

#[test]
fn comes_back_at_every_length() {
    for (recipients, unlock) in [pass("correct horse"), key()] {
        for n in [0, 1, 1000, 65_535, 65_536, 65_537, 131_072, 200_000] {
            let bytes = sealed(&data(n), &recipients);
            assert!(is_age(&bytes));
            assert_eq!(open(&bytes, &unlock).unwrap(), data(n));
            assert_eq!(pipe(&bytes, &unlock).unwrap(), data(n));
        }
    }
}

#[test]
fn random_access_gives_the_same_bytes() {
    let (recipients, unlock) = key();
    for n in [131_072, 150_000] {
        let (want, bytes) = (data(n), sealed(&data(n), &recipients));
        let mut reader = open_reader(Cursor::new(bytes), &unlock, &Env::default()).unwrap();
        let mut rng = Rng(1);
        for _ in 0..300 {
            let at = rng.below(n + 10);
            let mut buf = vec![0; rng.below(70_000)];
            match rng.below(3) {
                0 => reader.seek(SeekFrom::Start(at as u64)),
                1 => reader.seek(SeekFrom::End(at as i64 - n as i64)),
                _ => {
                    let here = reader.stream_position().unwrap() as i64;
                    reader.seek(SeekFrom::Current(at as i64 - here))
                }
            }
            .unwrap();
            let got = reader.read(&mut buf).unwrap();
            assert!(got > 0 || at >= n || buf.is_empty());
            assert_eq!(buf[..got], want[at.min(n)..at.min(n) + got]);
        }
        assert!(reader.seek(SeekFrom::Current(-1 << 40)).is_err());
    }
}

#[test]
fn wrong_keys_are_told_apart_from_damage() {
    let kind = |bytes: &[u8], unlock: &Unlock| {
        let kinds = (open(bytes, unlock).unwrap_err().kind(), pipe(bytes, unlock).unwrap_err().kind());
        assert_eq!(kinds.0, kinds.1);
        kinds.0
    };
    let (by_pass, by_key) = (pass("right"), key());
    let locked = sealed(b"secret", &by_pass.0);
    assert_eq!(kind(&locked, &pass("wrong").1), ErrorKind::WrongKey);
    assert_eq!(kind(&locked, &by_key.1), ErrorKind::WrongKey);
    assert_eq!(kind(&sealed(b"secret", &by_key.0), &by_pass.1), ErrorKind::WrongKey);
    assert_eq!(kind(&sealed(b"secret", &by_key.0), &key().1), ErrorKind::WrongKey);
    let mut bad = locked.clone();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    assert_eq!(kind(&bad, &by_pass.1), ErrorKind::Corrupt);
    assert_eq!(kind(b"age-encryption.org/v1\n-> X", &by_pass.1), ErrorKind::Truncated);
    assert_eq!(kind(b"something else", &by_pass.1), ErrorKind::Corrupt);
    let endless = [INTRO, &b"-> X25519 abc\n".repeat(10_000)[..]].concat();
    assert_eq!(kind(&endless, &by_pass.1), ErrorKind::Corrupt);
}

#[test]
fn every_flip_and_cut_is_noticed() {
    let (recipients, unlock) = key();
    let bytes = sealed(b"some short text", &recipients);
    for cut in 0..bytes.len() {
        assert!(open(&bytes[..cut], &unlock).is_err() && pipe(&bytes[..cut], &unlock).is_err(), "{cut}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&bad, &unlock).is_err() && pipe(&bad, &unlock).is_err(), "bit {bit}");
    }
    // Whole pieces dropped, swapped, repeated.
    let bytes = sealed(&data(200_000), &recipients);
    let start = bytes.len() - 200_000 - 4 * 16;
    let piece = |i: usize| &bytes[start + i * 65_552..(start + (i + 1) * 65_552).min(bytes.len())];
    let head = &bytes[..start];
    for order in [&[0, 1, 2][..], &[0, 2, 3], &[1, 0, 2, 3], &[0, 1, 2, 2, 3], &[3]] {
        let bad = [head.to_vec(), order.iter().flat_map(|&i| piece(i).to_vec()).collect()].concat();
        assert!(open(&bad, &unlock).is_err() && pipe(&bad, &unlock).is_err(), "{order:?}");
    }
}

#[test]
fn costly_passphrases_are_refused() {
    let (recipients, unlock) = pass("x");
    let bytes = sealed(b"x", &recipients);
    let text = String::from_utf8_lossy(&bytes[..100]).into_owned();
    let line = text.lines().find(|l| l.starts_with("-> scrypt")).unwrap().to_owned();
    let raised = |n: &str| {
        let at = text.find(&line).unwrap() + line.len() - 1;
        [&bytes[..at], n.as_bytes(), &bytes[at + 1..]].concat()
    };
    for n in ["23", "40", "63"] {
        assert_eq!(open(&raised(n), &unlock).unwrap_err().kind(), ErrorKind::Limit);
    }
    let env = Env::new(Limits::default().with_memory(100 << 20));
    let costly = open_reader(Cursor::new(raised("17")), &unlock, &env);
    assert_eq!(costly.unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn keys_are_read_from_text() {
    let (secret, public) = generate();
    use age::secrecy::ExposeSecret;
    let text = format!("# created: now\n\n  {}\n", secret.expose_secret());
    assert_eq!(parse_identities(&text).unwrap().len(), 1);
    assert_eq!(parse_recipients(&format!("{public}\n# me\n")).unwrap(), [public]);
    assert!(parse_recipients("age1nonsense").is_err() && parse_identities("AGE-SECRET-KEY-1X").is_err());
    assert!(encrypt_writer(Vec::new(), &Recipients::Keys(vec![])).is_err());
    assert!(encrypt_writer(Vec::new(), &Recipients::Passphrase(super::secret(""))).is_err());
}

/// The same file as text.
fn armored(bytes: &[u8]) -> Vec<u8> {
    use age::armor::{ArmoredWriter, Format};
    let mut writer = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[test]
fn armoured_files_are_read() {
    for (recipients, unlock) in [pass("correct horse"), key()] {
        for n in [0, 1, 1000, 65_536, 200_000] {
            let text = armored(&sealed(&data(n), &recipients));
            let crlf = String::from_utf8(text.clone()).unwrap().replace('\n', "\r\n").into_bytes();
            let marked = [b"\xef\xbb\xbf\n ", &text[..], b"\n\n"].concat();
            for text in [text, crlf, marked] {
                assert!(is_age(&text[..text.len().min(HEAD)]));
                assert_eq!(asks_for_passphrase(&text), matches!(recipients, Recipients::Passphrase(_)));
                assert_eq!(open(&text, &unlock).unwrap(), data(n));
                assert_eq!(pipe(&text, &unlock).unwrap(), data(n));
            }
        }
    }
}

#[test]
fn damaged_armour_is_noticed_and_panics_nobody() {
    let (recipients, unlock) = key();
    let text = armored(&sealed(b"some short text", &recipients));
    for cut in 0..text.len() - 2 {
        assert!(open(&text[..cut], &unlock).is_err() && pipe(&text[..cut], &unlock).is_err(), "{cut}");
    }
    for at in 0..text.len() - 1 {
        let mut bad = text.clone();
        bad[at] = if bad[at] == b'!' { b'?' } else { b'!' };
        assert!(open(&bad, &unlock).is_err() && pipe(&bad, &unlock).is_err(), "{at}");
    }
    let trailing = [&text[..], b"more"].concat();
    assert_eq!(open(&trailing, &unlock).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_malformed_header_is_corrupt_and_another_version_unsupported() {
    let (recipients, unlock) = key();
    let bytes = sealed(b"x", &recipients);
    let mac = bytes.windows(4).position(|w| w == b"--- ").unwrap();
    for change in [
        &b"--- short\n"[..],
        b"---\n",
        b"--- !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!\n",
        b"-> X25519\n--- a\n",
    ] {
        let bad = [&bytes[..mac], change, &bytes[mac + 48..]].concat();
        assert_eq!(open(&bad, &unlock).unwrap_err().kind(), ErrorKind::Corrupt, "{change:?}");
        assert_eq!(pipe(&bad, &unlock).unwrap_err().kind(), ErrorKind::Corrupt);
    }
    let next = [b"age-encryption.org/v2\n", &bytes[INTRO.len()..]].concat();
    assert_eq!(open(&next, &unlock).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn identity_files_are_read_however_they_were_written() {
    use age::secrecy::ExposeSecret;
    let (secret_key, public) = generate();
    let key = secret_key.expose_secret();
    let read = |file: &[u8]| read_identities(file, || Ok(secret("open")), &Env::default());
    let utf16: Vec<u8> = format!("\u{feff}{key}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let plain = format!("# public key: {public}\n{key}\n");
    let locked = sealed(plain.as_bytes(), &pass("open").0);
    let files = [
        plain.clone().into_bytes(),
        format!("\u{feff}{}", plain.replace('\n', "\r\n")).into_bytes(),
        key.as_bytes().to_vec(),
        utf16,
        armored(&locked),
        locked,
    ];
    for file in files {
        let keys = read(&file).unwrap();
        assert_eq!(recipients_of(&keys).unwrap(), [public.as_str()]);
    }
    let other = sealed(plain.as_bytes(), &pass("other").0);
    assert_eq!(read(&other).unwrap_err().kind(), ErrorKind::WrongKey);
    let to_key = sealed(plain.as_bytes(), &self::key().0);
    for bad in [&to_key[..], b"", b"# only a comment\n", b"\xff\xff", &b"#".repeat(70_000)] {
        assert_eq!(read(bad).unwrap_err().kind(), ErrorKind::Usage);
    }
    assert_eq!(parse_recipients(&format!("\u{feff}{public}\r\n")).unwrap(), [public]);
}

#[test]
fn secret_keys_are_in_no_message() {
    use age::secrecy::ExposeSecret;
    let (whole, _) = generate();
    let whole = whole.expose_secret();
    let secrets = [
        whole.to_owned(),
        whole.to_lowercase(),
        whole[..40].to_owned(),
        format!("{whole}x"),
        "hunter2".into(),
    ];
    for secret in &secrets {
        let refused = [
            check_recipients(std::slice::from_ref(secret)).unwrap_err(),
            encrypt_writer(Vec::new(), &Recipients::Keys(vec![secret.clone()])).unwrap_err(),
            parse_recipients(&format!("# x\n{secret}\n")).unwrap_err(),
            parse_identities(&format!("{secret}?\n")).unwrap_err(),
        ];
        for error in refused {
            assert_eq!(error.kind(), ErrorKind::Usage);
            let said = format!("{error} {error:?}").to_lowercase();
            assert!(
                !said.contains(&secret.to_lowercase()[..]) && !said.contains(&whole.to_lowercase()[15..40]),
                "{said}"
            );
        }
    }
    let said = |text: &str| parse_identities(text).unwrap_err().to_string();
    assert!(said("AGE-PLUGIN-YUBIKEY-1QQQQ").contains("plugin"));
    assert!(said("-----BEGIN OPENSSH PRIVATE KEY-----").contains("SSH"));
    assert!(said("age1qqqq").contains("recipient"));
    assert!(check_recipients(&["ssh-ed25519 AAAA".into()]).unwrap_err().to_string().contains("SSH"));
}

/// Both ways with the `age` program, where it is installed.
#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn the_age_program_agrees() {
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("key");
    let made = Command::new("age-keygen").arg("-o").arg(&keys).stderr(Stdio::null()).status();
    if !made.is_ok_and(|s| s.success()) {
        return;
    }
    let text = std::fs::read_to_string(&keys).unwrap();
    let unlock = Unlock { passphrase: None, identities: parse_identities(&text).unwrap() };
    let public = text.lines().find_map(|l| l.strip_prefix("# public key: ")).unwrap().to_owned();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    std::fs::write(&ours, sealed(&data(150_000), &Recipients::Keys(vec![public.clone()]))).unwrap();
    let out = Command::new("age").arg("-d").arg("-i").arg(&keys).arg(&ours).output().unwrap();
    assert_eq!(out.stdout, data(150_000));
    std::fs::write(folder.path().join("plain"), data(70_000)).unwrap();
    let mut age = Command::new("age");
    age.arg("-r").arg(&public).arg("-o").arg(&theirs).arg(folder.path().join("plain"));
    assert!(age.status().unwrap().success());
    assert_eq!(open(&std::fs::read(&theirs).unwrap(), &unlock).unwrap(), data(70_000));
}

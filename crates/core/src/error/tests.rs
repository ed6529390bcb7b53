use super::*;

#[test]
fn message_names_file_place_and_remedy() {
    let error =
        Error::corrupt("block checksum differs").in_file("a.mln").at(77).remedy("try `minlen repair`");
    assert_eq!(error.to_string(), "a.mln: block checksum differs (at byte 77); try `minlen repair`");
    assert_eq!((error.code(), error.kind().exit_code()), (4, 4));
}

#[test]
fn an_error_keeps_its_class_on_a_trip_through_std_io() {
    for (kind, io_kind) in [
        (ErrorKind::Io, io::ErrorKind::Other),
        (ErrorKind::Usage, io::ErrorKind::InvalidInput),
        (ErrorKind::Corrupt, io::ErrorKind::InvalidData),
        (ErrorKind::Truncated, io::ErrorKind::UnexpectedEof),
        (ErrorKind::Unsupported, io::ErrorKind::Unsupported),
        (ErrorKind::Limit, io::ErrorKind::QuotaExceeded),
        (ErrorKind::WrongKey, io::ErrorKind::PermissionDenied),
        (ErrorKind::Verify, io::ErrorKind::Other),
        (ErrorKind::Cancelled, io::ErrorKind::Other),
        (ErrorKind::Exists, io::ErrorKind::AlreadyExists),
    ] {
        let made = || Error::new(kind, "m").in_file("f").at(3).advise(Advice::Repair);
        let io = io::Error::from(made());
        assert!(io.kind() == io_kind && Error::is_in(&io));
        // Whatever wraps it on the way, and whoever says what he was doing.
        for io in [io, io::Error::other(made()), io::Error::other(io::Error::from(made()))] {
            let back = if kind == ErrorKind::Limit { Error::io("reading", io) } else { Error::from(io) };
            assert_eq!((back.kind(), back.to_string()), (kind, made().to_string()));
            assert_eq!(back.advice(), Some(Advice::Repair));
        }
    }
}

#[test]
fn what_the_system_said_is_kept_both_ways() {
    use io::ErrorKind::*;
    for kind in [NotFound, PermissionDenied, StorageFull, BrokenPipe, WouldBlock, AlreadyExists, TimedOut] {
        let error = Error::from(io::Error::from(kind));
        assert_eq!((error.kind(), error.io_kind()), (ErrorKind::Io, kind));
        assert_eq!(io::Error::from(Error::io("doing", kind.into())).kind(), kind);
    }
    let foreign = |kind| Error::from(io::Error::new(kind, "from elsewhere"));
    assert_eq!(foreign(UnexpectedEof).kind(), ErrorKind::Truncated);
    assert_eq!(foreign(InvalidData).kind(), ErrorKind::Corrupt);
    assert_eq!(foreign(InvalidData).io_kind(), InvalidData);
    // The standard library tries again after this kind.
    assert_eq!(foreign(Interrupted).io_kind(), Other);
    assert!(!Error::is_in(&io::Error::other("x")) && !Error::is_in(&io::Error::from(NotFound)));
}

#[test]
fn the_cause_is_told_by_whoever_asks_for_it() {
    let error = Error::io("cannot open", io::ErrorKind::NotFound.into()).in_file("a").advise(Advice::Repair);
    assert_eq!(error.to_string(), "a: cannot open; recovery data may repair it");
    assert_eq!(format!("{error:#}"), "a: cannot open: entity not found; recovery data may repair it");
    let line = error.line(|advice| format!("<{advice:?}>"));
    assert_eq!(line, "a: cannot open: entity not found; <Repair>");
    assert_eq!(error.message(), "cannot open");
    assert!(std::error::Error::source(&error).is_some());
}

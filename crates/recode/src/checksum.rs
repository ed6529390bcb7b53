//! The two checksums that follow deflate streams: Adler-32 (RFC 1950) and CRC-32 (RFC 1952).

const CRC: [[u32; 256]; 4] = {
    let mut tables = [[0u32; 256]; 4];
    let mut i = 0;
    while i < 256 {
        let (mut crc, mut bit) = (i as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        tables[0][i] = crc;
        i += 1;
    }
    i = 0;
    while i < 256 {
        let mut t = 1;
        while t < 4 {
            let before = tables[t - 1][i];
            tables[t][i] = tables[0][(before & 255) as usize] ^ before >> 8;
            t += 1;
        }
        i += 1;
    }
    tables
};

/// CRC-32 of these pieces in a row.
pub(crate) fn crc32(pieces: &[&[u8]]) -> u32 {
    let mut crc = !0u32;
    for piece in pieces {
        let (quads, rest) = piece.as_chunks::<4>();
        for quad in quads {
            crc ^= u32::from_le_bytes(*quad);
            let byte = |i: u32| (crc >> (8 * i) & 255) as usize;
            crc = CRC[3][byte(0)] ^ CRC[2][byte(1)] ^ CRC[1][byte(2)] ^ CRC[0][byte(3)];
        }
        for &b in rest {
            crc = CRC[0][((crc ^ u32::from(b)) & 255) as usize] ^ crc >> 8;
        }
    }
    !crc
}

/// Adler-32.
pub(crate) fn adler32(data: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    // As many additions as fit 32 bits before the remainders must be taken.
    for piece in data.chunks(5552) {
        for &byte in piece {
            a += u32::from(byte);
            b += a;
        }
        (a, b) = (a % 65_521, b % 65_521);
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        assert_eq!(crc32(&[b"1234", b"56789"]), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!((crc32(&[]), adler32(&[])), (0, 1));
    }
}

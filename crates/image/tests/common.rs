//! Pictures for tests.

use minlen_image::Planes;

/// A picture like a photo: slopes, waves, an edge and a little noise, of `depth` bits.
pub fn photo(width: usize, height: usize, depth: u8) -> Planes {
    let mut state = 12345u32;
    let plane = |c: usize| {
        (0..width * height)
            .map(|i| {
                let (x, y) = ((i % width) as i64, (i / width) as i64);
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let wave = (x * (3 + c as i64) + y * 2) % 64;
                let edge = if x * 2 > y + 40 { 60 } else { 0 };
                let value = 20 + x / 2 + y / 3 + (wave - 32).abs() + edge + i64::from(state >> 29);
                (value.clamp(0, 255) as u16) << (depth - 8)
            })
            .collect()
    };
    let planes = [0, 1, 2].map(plane).to_vec();
    Planes::new(width, height, depth, planes).unwrap()
}

/// The same in steps of `step`.
pub fn worse(picture: &Planes, step: u16) -> Planes {
    let coarse =
        |plane: &Vec<u16>| plane.iter().map(|&s| (s / step * step + step / 2).min(picture.peak())).collect();
    let planes = picture.planes().iter().map(coarse).collect();
    Planes::new(picture.width(), picture.height(), picture.depth(), planes).unwrap()
}

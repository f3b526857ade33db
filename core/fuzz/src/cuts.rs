//! Bodies cut into pieces, the same for the same seed.

/// Pieces of random sizes, empty ones among them; every fourth seed cuts at every byte.
pub fn pieces(seed: u8, body: &[u8]) -> Vec<&[u8]> {
    if seed.is_multiple_of(4) {
        return body.chunks(1).collect();
    }
    let mut random = Random(u64::from(seed));
    let longest = 1 << random.below(12);
    let mut pieces = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(random.below(longest + 1).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Numbers that look random and are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap_or(0);
        number % end
    }
}

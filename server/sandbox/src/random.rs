//! Randomness from a seed: the same seed and the same requests give the same ids, but for a restored world.

use jiff::Timestamp;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use uuid::Uuid;

/// A generator that several tasks may share.
#[derive(Debug)]
pub struct Dice(Mutex<StdRng>);

impl Dice {
    /// A generator that always starts the same for a seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// A generator for a world that had one of this seed before. It starts with the time, too: whatever was drawn before
    /// is not drawn again, even when the same file is restored twice.
    pub fn again(seed: u64, now: Timestamp) -> Self {
        Self::new(mix(seed, now.as_millisecond().unsigned_abs()))
    }

    /// A random UUID, version 4.
    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.0.lock().fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// 32 lower-case hexadecimal characters, as Apple's invitation codes are.
    pub fn hex(&self) -> String {
        self.uuid().simple().to_string()
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().fill_bytes(&mut bytes);
        bytes
    }

    /// True with this probability; a rate outside 0..=1 counts as the nearer end.
    pub fn hits(&self, rate: f64) -> bool {
        rate > 0.0 && self.0.lock().random::<f64>() < rate
    }

    /// One of the items, or none if there are none.
    pub fn pick<'a, T>(&self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            return None;
        }
        let index = self.0.lock().random_range(0..items.len());
        items.get(index)
    }
}

/// Mixes a number with a seed: a cheap hash for generated properties that must not depend on order.
pub(crate) fn mix(seed: u64, value: u64) -> u64 {
    let mut z = seed ^ value.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

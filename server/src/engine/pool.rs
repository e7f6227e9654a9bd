//! The licences of one asset that are free to give: whoever shares them out takes them from here. Pure.

/// A pool, with what of it is kept for single claims (A12).
#[derive(Clone, Debug)]
pub struct Pool {
    left: i64,
    /// For each reservation, how much of it is not yet used.
    reserved: Vec<i64>,
    kept: i64,
}

impl Pool {
    /// None: unlimited.
    pub fn of(free: Option<i64>) -> Self {
        Self::with_reservations(free, Vec::new())
    }

    pub fn with_reservations(free: Option<i64>, reserved: Vec<i64>) -> Self {
        let Some(free) = free else {
            return Self {
                left: i64::MAX,
                reserved: Vec::new(),
                kept: 0,
            };
        };
        let reserved: Vec<i64> = reserved.into_iter().map(|number| number.max(0)).collect();
        Self {
            left: free.max(0),
            kept: reserved.iter().copied().fold(0, i64::saturating_add),
            reserved,
        }
    }

    /// Takes a licence, from a reservation if the claim has one; false if none is left for it.
    pub fn take(&mut self, reservation: Option<usize>) -> bool {
        if self.left == 0 {
            return false;
        }
        let own = reservation.and_then(|at| self.reserved.get_mut(at));
        match own.filter(|own| **own > 0) {
            Some(own) => {
                *own -= 1;
                self.kept -= 1;
            }
            None if self.left <= self.kept => return false,
            None => {}
        }
        self.left -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reservation_is_for_its_own_claims() {
        let mut pool = Pool::with_reservations(Some(3), vec![2, 0]);
        assert!(pool.take(None));
        assert!(!pool.take(None), "the other two are kept");
        assert!(!pool.take(Some(1)), "nothing was reserved for it");
        assert!(pool.take(Some(0)) && pool.take(Some(0)));
        assert!(!pool.take(Some(0)), "none is left");
    }

    proptest! {
        #[test]
        fn never_more_than_there_are(
            free in -3..20_i64,
            reserved in prop::collection::vec(-2..10_i64, 0..4),
            claims in prop::collection::vec(prop::option::of(0..5_usize), 0..60),
        ) {
            let mut pool = Pool::with_reservations(Some(free), reserved);
            let given = claims.into_iter().filter(|claim| pool.take(*claim)).count();
            prop_assert!(given as i64 <= free.max(0));
        }
    }
}

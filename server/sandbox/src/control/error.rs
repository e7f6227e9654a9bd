//! Why an order to the sandbox could not be carried out.

use crate::wire::ErrorNumber;

/// A refused order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// No location has the `uId`.
    #[error("no location has this uId")]
    UnknownLocation,
    /// No such token was issued.
    #[error("this token was not issued here")]
    UnknownToken,
    /// The store has no such product.
    #[error("the store has no such product")]
    UnknownProduct,
    /// The location does not own the asset.
    #[error("the location does not own this asset")]
    UnknownAsset,
    /// No active user has the invitation or the name.
    #[error("no user has this invitation or name")]
    UnknownUser,
    /// A location has the `uId` already.
    #[error("a location has this uId already")]
    TakenLocation,
    /// A location that the seed makes is there already.
    #[error("this seed makes a location that is there already; choose another seed")]
    TakenSeed,
    /// So many licences are not available.
    #[error("so many licences are not available")]
    NotEnough,
    /// Apple's counts are 32-bit numbers, of which the last says that there is no limit.
    #[error("a location has at most 2147483646 licences of a product")]
    TooMany,
    /// Apple's rule forbids it.
    #[error("Apple's error {0:?}")]
    Apple(ErrorNumber),
    /// The request's JSON does not fit, or has a number that is out of range.
    #[error("{0}")]
    Invalid(String),
}

impl From<ErrorNumber> for ControlError {
    fn from(error: ErrorNumber) -> Self {
        Self::Apple(error)
    }
}

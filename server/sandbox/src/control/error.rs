//! Why an order to the sandbox could not be carried out.

use axum::http::StatusCode;

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
    /// The location has the asset without a limit, to which nothing can be added.
    #[error("the other location has this asset without a limit")]
    Unlimited,
    /// Licences stay in their organisation.
    #[error("the other location belongs to another organisation")]
    OtherOrganisation,
    /// Apple's rule forbids it.
    #[error("Apple's error {0}")]
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

impl ControlError {
    /// The HTTP status that says so.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotEnough
            | Self::TooMany
            | Self::Unlimited
            | Self::OtherOrganisation
            | Self::Apple(_)
            | Self::TakenLocation
            | Self::TakenSeed => StatusCode::CONFLICT,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::UnknownLocation
            | Self::UnknownToken
            | Self::UnknownProduct
            | Self::UnknownAsset
            | Self::UnknownUser => StatusCode::NOT_FOUND,
        }
    }
}

//! Every error number Apple documents or is known to send, with cause and remedy for administrators.
//! <https://developer.apple.com/documentation/devicemanagement/handling-error-responses>

use super::FaultKind;
use super::requests::REQUEST_ERRORS;
use super::services::SERVICE_ERRORS;

/// One error number in plain words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// Apple's `errorNumber`.
    pub number: u32,
    /// What a caller should do.
    pub kind: FaultKind,
    /// The status Apple documents for it as the direct answer; `None` when it only appears in an event's
    /// failures.
    pub http_status: Option<u16>,
    /// Whether it may appear later, among the failures of an event.
    pub asynchronous: bool,
    /// Why it happens.
    pub cause: &'static str,
    /// What an administrator can do.
    pub remedy: &'static str,
}

/// The explanation of `number`, when it is known.
pub fn explain(number: u32) -> Option<&'static Explanation> {
    explanations().find(|explanation| explanation.number == number)
}

/// Every known error, by number.
pub fn explanations() -> impl Iterator<Item = &'static Explanation> {
    SERVICE_ERRORS.iter().chain(REQUEST_ERRORS)
}

/// An error that is the direct answer to a request.
pub(super) const fn direct(
    number: u32,
    http_status: u16,
    kind: FaultKind,
    cause: &'static str,
    remedy: &'static str,
) -> Explanation {
    Explanation {
        number,
        kind,
        http_status: Some(http_status),
        asynchronous: false,
        cause,
        remedy,
    }
}

/// An error that only appears among an event's failures.
pub(super) const fn later(
    number: u32,
    kind: FaultKind,
    cause: &'static str,
    remedy: &'static str,
) -> Explanation {
    Explanation {
        number,
        kind,
        http_status: None,
        asynchronous: true,
        cause,
        remedy,
    }
}

/// An error that comes either way.
pub(super) const fn either(
    number: u32,
    http_status: u16,
    kind: FaultKind,
    cause: &'static str,
    remedy: &'static str,
) -> Explanation {
    Explanation {
        number,
        kind,
        http_status: Some(http_status),
        asynchronous: true,
        cause,
        remedy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number, documented status (0: none) and whether it may come in an event, as Apple lists them.
    #[rustfmt::skip]
    const LISTED: &[(u32, u16, bool)] = &[
        (9601, 401, false), (9602, 400, false), (9603, 500, true), (9609, 400, true), (9621, 401, false),
        (9622, 401, false), (9623, 400, false), (9625, 401, false), (9634, 410, false), (9635, 0, true),
        (9637, 403, false), (9641, 0, true), (9644, 0, true), (9645, 403, false), (9646, 429, false),
        (9647, 403, false), (9650, 400, false), (9700, 400, false), (9701, 400, false), (9702, 400, false),
        (9703, 400, false), (9704, 400, false), (9705, 400, false), (9706, 400, false), (9707, 400, false),
        (9708, 400, false), (9709, 0, true), (9710, 400, false), (9711, 400, false), (9712, 400, false),
        (9713, 400, false), (9714, 400, false), (9715, 400, false), (9716, 0, true), (9717, 400, false),
        (9718, 400, false), (9719, 400, false), (9720, 400, false), (9721, 400, false), (9722, 401, false),
        (9723, 400, false), (9724, 400, false), (9725, 400, false), (9726, 405, false), (9727, 415, false),
        (9728, 400, false), (9729, 503, false), (9811, 400, false), (9812, 400, false), (9813, 400, false),
        (9814, 400, false), (9815, 400, false), (9816, 400, false), (9817, 400, false), (9818, 400, false),
    ];

    #[test]
    fn every_listed_number_is_explained_once_and_no_other() {
        let known: Vec<(u32, u16, bool)> = explanations()
            .map(|known| (known.number, known.http_status.unwrap_or(0), known.asynchronous))
            .collect();
        assert_eq!(known, LISTED);
    }

    #[test]
    fn every_explanation_is_written_in_whole_sentences() {
        for known in explanations() {
            for sentence in [known.cause, known.remedy] {
                assert!(
                    sentence.len() > 20 && sentence.ends_with('.'),
                    "{}: {sentence}",
                    known.number
                );
                assert!(
                    sentence.starts_with(|first: char| first.is_uppercase()),
                    "{}: {sentence}",
                    known.number
                );
            }
        }
    }

    #[test]
    fn each_kind_gathers_the_numbers_it_should() {
        let of = |kind| -> Vec<u32> {
            explanations()
                .filter(|known| known.kind == kind)
                .map(|known| known.number)
                .collect()
        };
        assert_eq!(of(FaultKind::Retry), [9603]);
        assert_eq!(of(FaultKind::Wait), [9644, 9646, 9729]);
        assert_eq!(of(FaultKind::Token), [9601, 9621, 9622, 9625, 9722]);
        assert_eq!(of(FaultKind::Forbidden), [9637, 9647]);
        assert_eq!(of(FaultKind::Ownership), [9645]);
        assert_eq!(of(FaultKind::Shortage), [9709]);
        assert_eq!(of(FaultKind::Protocol), [9623, 9634, 9726, 9727]);
        assert_eq!(of(FaultKind::Unreachable), Vec::<u32>::new());
    }
}

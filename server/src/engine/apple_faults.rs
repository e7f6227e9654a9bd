//! Apple's faults in the words of the contract.

use apple::{FaultKind, TokenFileFault, number};
use contract::{Code, Fault, tokens::TokenState};

/// What a person is told of it.
pub fn fault_of(fault: &apple::Fault) -> Fault {
    let code = match (fault.kind, fault.number) {
        (_, Some(number::TOKEN_EXPIRED)) => Code::TokenExpired,
        (_, Some(number::TOKEN_INVALID)) => Code::TokenUnknown,
        (_, Some(number::TOKEN_REVOKED)) => Code::TokenRevoked,
        (FaultKind::Wait, _) => Code::AppleBusy,
        (FaultKind::Retry, _) => Code::AppleFailing,
        (FaultKind::Unreachable, _) => Code::AppleUnreachable,
        (FaultKind::Shortage, _) => Code::AppleShortage,
        (FaultKind::Protocol, _) => Code::AppleUnclear,
        (FaultKind::Token | FaultKind::Forbidden | FaultKind::Ownership | FaultKind::Argument, _) => {
            Code::AppleRefused
        }
    };
    let told = Fault::new(code);
    match fault.number {
        Some(number) => told.from_apple(number, &fault.message),
        None => told.with("reason", &fault.message),
    }
}

/// The state that a token is in after this fault; none if it says nothing about the token.
pub fn token_state_of(fault: &apple::Fault) -> Option<TokenState> {
    match fault.number? {
        number::TOKEN_EXPIRED => Some(TokenState::Expired),
        number::TOKEN_INVALID => Some(TokenState::Unknown),
        number::TOKEN_REVOKED => Some(TokenState::Revoked),
        _ => None,
    }
}

/// What is wrong with a token file (T2).
pub fn token_file_fault(fault: &TokenFileFault) -> Fault {
    match fault {
        TokenFileFault::Empty => Code::TokenFileEmpty.into(),
        TokenFileFault::TooLarge => Code::TokenFileTooLarge.into(),
        TokenFileFault::NotBase64 => Code::TokenFileNotBase64.into(),
        TokenFileFault::NotJson => Code::TokenFileNotJson.into(),
        TokenFileFault::KeyMissing(key) => Fault::new(Code::TokenFileKeyMissing).with("key", key),
        TokenFileFault::BadDate(date) => Fault::new(Code::TokenFileBadDate).with("date", date),
    }
}

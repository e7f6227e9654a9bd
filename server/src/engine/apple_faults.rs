//! Apple's faults in the words of the contract.

use apple::{FaultKind, TokenFileFault};
use contract::{Code, Fault, tokens::TokenState};

/// What a person is told of it.
pub fn fault_of(fault: &apple::Fault) -> Fault {
    let code = match fault.kind {
        FaultKind::Wait => Code::AppleBusy,
        FaultKind::Retry => Code::AppleFailing,
        FaultKind::Unreachable => Code::AppleUnreachable,
        FaultKind::Shortage => Code::AppleShortage,
        FaultKind::Protocol => Code::AppleUnclear,
        FaultKind::Elsewhere => Code::AppleOtherLocation,
        FaultKind::Token | FaultKind::Forbidden | FaultKind::Ownership | FaultKind::Argument => {
            Code::AppleRefused
        }
    };
    let told = token_state_of(fault).map_or_else(|| Fault::new(code), |state| state.fault());
    match fault.number {
        Some(number) => told.from_apple(number, &fault.message),
        // With the HTTP status, often all that was said.
        None => told.with("reason", fault),
    }
}

/// The state that a token is in after this fault; none if it says nothing about the token.
pub fn token_state_of(fault: &apple::Fault) -> Option<TokenState> {
    fault.number.and_then(TokenState::of_number)
}

/// What is wrong with a token file (T2).
pub fn token_file_fault(fault: &TokenFileFault) -> Fault {
    match fault {
        TokenFileFault::Empty => Code::TokenFileEmpty.into(),
        TokenFileFault::TooLarge => Code::TokenFileTooLarge.into(),
        TokenFileFault::NotBase64 => Code::TokenFileNotBase64.into(),
        TokenFileFault::NotJson => Code::TokenFileNotJson.into(),
        TokenFileFault::KeyMissing(key) => Fault::new(Code::TokenFileKeyMissing).with("key", key),
        TokenFileFault::BadDate(date) => Fault::new(Code::TokenFileBadDate).with("text", date),
    }
}

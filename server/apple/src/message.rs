//! Apple's words as they are passed on, to logs and to people: without secrets, on one line, and not without end.

use std::cmp::Reverse;

use secrecy::{ExposeSecret, SecretString};

/// Longest message that is passed on, in characters.
const MAX_CHARS: usize = 500;

/// `message` without what none may repeat.
pub(crate) fn passed_on(message: &str, secrets: &[&SecretString]) -> String {
    let mut secrets: Vec<&str> = secrets.iter().map(|secret| secret.expose_secret()).collect();
    secrets.retain(|secret| !secret.is_empty());
    // One may be a part of another.
    secrets.sort_unstable_by_key(|secret| Reverse(secret.len()));
    let clean = secrets.iter().fold(message.to_owned(), |message, secret| {
        message.replace(secret, "(redacted)")
    });
    // After the secrets: half of one is not found.
    clean
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(MAX_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_told_without_secrets_in_one_line_and_not_without_end() {
        let [short, long, none] = ["s3cret", "a-s3cret-token", ""].map(SecretString::from);
        let clean = |message: &str| passed_on(message, &[&short, &long, &none]);
        assert_eq!(clean("s3cret,\na-s3cret-token!\u{7}"), "(redacted), (redacted)! ");
        let cut = clean(&format!("{}a-s3cret-token", "ä".repeat(495)));
        assert!(cut.ends_with("ä(reda"), "{cut}");
        assert_eq!(cut.chars().count(), MAX_CHARS);
    }
}

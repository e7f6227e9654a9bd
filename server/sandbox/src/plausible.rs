//! What names, countries and ids can be: whoever gives another one is told so in words.

/// A name in which there is something to read.
pub(crate) fn name(what: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("{what} is empty"));
    }
    Ok(())
}

/// ISO 3166 alpha-2, in upper or lower case.
pub(crate) fn country(text: &str) -> Result<(), String> {
    if text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return Ok(());
    }
    Err("country is two letters, as ISO 3166 has them".to_owned())
}

/// Decimal digits, at most so many.
pub(crate) fn digits(what: &str, text: &str, most: usize) -> Result<(), String> {
    let fits = (1..=most).contains(&text.len());
    if fits && text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(());
    }
    Err(format!("{what} is 1 to {most} digits"))
}

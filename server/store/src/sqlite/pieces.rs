//! Parts of names, found by their pieces of three letters (`people_pieces`, `devices_pieces`). That is quick where few have
//! the text; what many have is met soon by walking along the list.

use super::Write;
use crate::Result;
use sqlx::AssertSqlSafe;

/// From so many on, the list is walked.
const MANY: u32 = 1_000;
/// A text has all of these or is not it; whether it is it, the text itself says.
const PIECES: usize = 12;

/// FTS5's question for what has all pieces of `text`. None if it has none, being shorter.
fn question(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    let pieces: Vec<_> = letters
        .windows(3)
        .take(PIECES)
        .map(|piece| format!("\"{}\"", String::from_iter(piece).replace('"', "\"\"")))
        .collect();
    (!pieces.is_empty()).then(|| pieces.join(" AND "))
}

/// The question by which the rows that have `text` are found soonest. None if that is by walking along the list.
pub(super) async fn of_few(tx: &mut Write, table: &'static str, text: &str) -> Result<Option<String>> {
    let Some(question) = question(text) else {
        return Ok(None);
    };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT ?)");
    let found: u32 = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(&question)
        .bind(MANY)
        .fetch_one(&mut **tx)
        .await?;
    Ok((found < MANY).then_some(question))
}

#[cfg(test)]
mod tests {
    use super::question;

    #[test]
    fn a_text_is_asked_for_by_its_pieces() {
        assert_eq!(question("än"), None);
        assert_eq!(question("änn").as_deref(), Some("\"änn\""));
        assert_eq!(
            question("a\"b c").as_deref(),
            Some("\"a\"\"b\" AND \"\"\"b \" AND \"b c\"")
        );
        assert_eq!(
            question(&"x".repeat(500)).map(|asked| asked.len()),
            Some(12 * 5 + 11 * 5)
        );
    }
}

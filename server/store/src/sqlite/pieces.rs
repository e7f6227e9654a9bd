//! Parts of names, found by their pieces of three letters (`people_pieces`, `devices_pieces`, `groups_pieces`). That is
//! quick where few have the text; what many have is met soon by walking along the list.

use super::{Write, json};
use crate::Result;
use sqlx::AssertSqlSafe;

/// From so many on, the list is walked.
const MANY: usize = 1_000;
/// How many pieces are asked for, first and then: the fewer, the quicker, as long as few rows have them. A text has all
/// of its pieces or is not it; whether it is it, the text itself says.
const PIECES: [usize; 2] = [5, 12];

/// FTS5's question for what has the last `most` pieces of `text`: names begin alike more often than they end so. None if
/// it has none, being shorter.
fn question(text: &str, most: usize) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    let pieces: Vec<_> = letters
        .windows(3)
        .rev()
        .take(most)
        .map(|piece| format!("\"{}\"", String::from_iter(piece).replace('"', "\"\"")))
        .collect();
    (!pieces.is_empty()).then(|| pieces.join(" AND "))
}

/// The numbers of the rows that may have `text`, as a JSON list. None if its rows are found sooner by walking along the list.
pub(super) async fn of_few(tx: &mut Write, table: &'static str, text: &str) -> Result<Option<String>> {
    let mut asked = None;
    for most in PIECES {
        let question = question(text, most);
        if question == asked {
            break;
        }
        let sql = format!("SELECT rowid FROM {table} WHERE {table} MATCH ? LIMIT ?");
        let found: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(&question)
            .bind(MANY as i64)
            .fetch_all(&mut **tx)
            .await?;
        if found.len() < MANY {
            return Ok(Some(json(&found)?));
        }
        asked = question;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::question;

    #[test]
    fn a_text_is_asked_for_by_its_pieces_the_last_first() {
        assert_eq!(question("än", 5), None);
        assert_eq!(question("änn", 5).as_deref(), Some("\"änn\""));
        assert_eq!(
            question("a\"b c", 12).as_deref(),
            Some("\"b c\" AND \"\"\"b \" AND \"a\"\"b\"")
        );
        assert_eq!(question("abcdef", 2).as_deref(), Some("\"def\" AND \"cde\""));
        assert_eq!(
            question(&"x".repeat(500), 12).map(|asked| asked.len()),
            Some(12 * 5 + 11 * 5)
        );
    }
}

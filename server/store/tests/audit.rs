use crate::setup::{Directory, NOW, on_each};
use store::audit::AuditLine;

fn line(at: i64) -> AuditLine {
    AuditLine {
        at,
        account: Some("account-1".into()),
        actor: "Ada".to_owned(),
        address: Some("192.0.2.1".to_owned()),
        action: "tokens.create".to_owned(),
        object: "token-1".to_owned(),
        details: "{}".to_owned(),
    }
}

#[test]
fn z3_the_newest_lines_come_first() {
    on_each(|db| async move {
        for at in 0..5 {
            db.append_audit(&line(NOW + at)).await.unwrap();
        }
        let lines = db.audit(3).await.unwrap();
        assert_eq!(
            lines.iter().map(|line| line.at - NOW).collect::<Vec<_>>(),
            [4, 3, 2]
        );
        assert_eq!(lines[0].actor, "Ada");
        assert_eq!(lines[0].address.as_deref(), Some("192.0.2.1"));
    });
}

#[tokio::test]
async fn z3_what_is_written_is_never_changed() {
    use sqlx::Connection;
    let directory = Directory::new();
    let db = store::open(&directory.file()).await.unwrap();
    db.append_audit(&line(NOW)).await.unwrap();
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite:{}", directory.file()))
        .await
        .unwrap();
    for sql in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"] {
        let refused = sqlx::query(sql)
            .execute(&mut other)
            .await
            .unwrap_err()
            .to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
    assert_eq!(db.audit(9).await.unwrap()[0].actor, "Ada");
}

use crate::setup::{Directory, NOW, on_each, on_each_raw};
use serde_json::json;
use store::{
    StoreError,
    audit::{AuditLine, audited},
};

pub fn line(at: i64) -> AuditLine {
    AuditLine {
        at,
        account: Some("account-1".into()),
        actor: "Ada".to_owned(),
        address: Some("192.0.2.1".to_owned()),
        action: "tokens.create".to_owned(),
        object: "token-1".to_owned(),
        details: json!({}),
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

#[test]
fn z3_a_deed_and_its_line_are_written_together_or_not_at_all() {
    on_each_raw(|db, raw| async move {
        let lines = async || db.audit(9).await.unwrap().len();
        let (done, left) = audited(line(NOW), db.set_setting("a", "1")).await;
        done.unwrap();
        assert!(left.is_none());
        assert_eq!(lines().await, 1);
        // Of several transactions the first one has it; of none, the caller.
        let (_, left) = audited(line(NOW), async {
            db.set_setting("a", "2").await.unwrap();
            db.set_setting("a", "3").await.unwrap();
        })
        .await;
        assert!(left.is_none());
        assert_eq!(lines().await, 2);
        let (_, left) = audited(line(NOW), db.setting("a")).await;
        assert!(left.is_some());
        assert_eq!(lines().await, 2);
        // What is refused, or changes nothing, leaves no line.
        let (changed, _) = audited(line(NOW), db.change_setting("a", Some("9"), "4")).await;
        assert!(!changed.unwrap());
        let (refused, _) = audited(line(NOW), db.set_role(&"nobody".into(), contract::Role::Owner)).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
        assert_eq!(lines().await, 2);
        // And where no line can be written, nothing is done.
        raw.run("ALTER TABLE audit RENAME TO gone").await;
        let (failed, _) = audited(line(NOW), db.set_setting("a", "5")).await;
        assert!(failed.is_err());
        assert_eq!(db.setting("a").await.unwrap().as_deref(), Some("3"));
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

use crate::setup::{DAY, NOW, on_each};
use store::mails::NewMail;

fn mail(name: &str) -> NewMail {
    NewMail {
        id: format!("id-{name}"),
        about: format!("about-{name}"),
        recipient: format!("{name}@skola.example"),
        subject: "Subject".into(),
        body: "Text".into(),
    }
}

#[test]
fn a_mail_is_taken_by_one_and_sent_once() {
    on_each(|db| async move {
        assert_eq!(db.queue_mails(&[mail("a"), mail("b")], NOW).await.unwrap(), 2);
        let again = NewMail {
            id: "other".into(),
            ..mail("a")
        };
        assert_eq!(db.queue_mails(&[again], NOW).await.unwrap(), 0, "about the same");
        let first = db.take_mail("one", NOW, NOW + 60).await.unwrap().unwrap();
        assert_eq!((first.recipient.as_str(), first.attempts), ("a@skola.example", 0));
        let second = db.take_mail("two", NOW, NOW + 60).await.unwrap().unwrap();
        assert_eq!(second.recipient, "b@skola.example");
        assert!(db.take_mail("three", NOW, NOW + 60).await.unwrap().is_none());
        db.mail_sent(first.number, NOW + 1).await.unwrap();
        assert!(db.take_mail("three", NOW + 59, NOW + 90).await.unwrap().is_none());
        let left = db.take_mail("three", NOW + 60, NOW + 90).await.unwrap().unwrap();
        assert_eq!(left.number, second.number, "whoever had it died");
        assert_eq!(
            db.queue_mails(&[mail("a")], NOW + 9).await.unwrap(),
            0,
            "sent already"
        );
    });
}

#[test]
fn a_mail_that_fails_is_tried_later_or_given_up() {
    on_each(|db| async move {
        db.queue_mails(&[mail("a")], NOW).await.unwrap();
        let taken = db.take_mail("one", NOW, NOW + 60).await.unwrap().unwrap();
        db.mail_failed(taken.number, "451 later", Some(NOW + 30), NOW + 1)
            .await
            .unwrap();
        assert_eq!(db.next_mail().await.unwrap(), Some(NOW + 30));
        assert!(db.take_mail("one", NOW + 29, NOW + 60).await.unwrap().is_none());
        let taken = db.take_mail("one", NOW + 30, NOW + 60).await.unwrap().unwrap();
        assert_eq!((taken.attempts, taken.body.as_str()), (1, "Text"));
        db.mail_failed(taken.number, "550 no such user", None, NOW + 31)
            .await
            .unwrap();
        assert_eq!(db.next_mail().await.unwrap(), None);
        assert!(db.take_mail("one", NOW + DAY, NOW + DAY).await.unwrap().is_none());
        assert_eq!(db.delete_mails_before(NOW + 31).await.unwrap(), 0);
        assert_eq!(db.delete_mails_before(NOW + 32).await.unwrap(), 1);
    });
}

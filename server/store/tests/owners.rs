//! A2: a device licence follows a person to the devices, a user licence follows a device to its person. So a change of
//! either has what the other's groups are assigned planned again.

use crate::{
    people::{add, form},
    setup::{NOW, Raw, app, leased, on_each_raw, synced},
};
use contract::{AssetId, DeviceId, PersonId, devices::DeviceForm, people::PersonForm};
use store::{Db, devices::Import, locations::Fence};

/// Two apps: the first is assigned to the group of people, the second to that of devices.
struct Assigned {
    fence: Fence,
    people: AssetId,
    devices: AssetId,
}

impl Assigned {
    /// Ada and Bo are in the group of people; Ada's first device is in the group of devices.
    async fn new(db: &Db, raw: &Raw) -> Self {
        let fence = leased(db, "A").await;
        let assets = synced(db, &fence, &[(app(1), vec![]), (app(2), vec![])]).await;
        add(db, "ada", "Ada").await;
        add(db, "bo", "Bo").await;
        db.insert_device(&"first".into(), &device("FIRST", "ada"), NOW)
            .await
            .unwrap();
        for (group, kind, members) in [("people", 0, vec!["ada", "bo"]), ("devices", 1, vec!["first"])] {
            raw.run(&format!(
                "INSERT INTO groups (id, name, sort_name, kind, source, members, created_at, changed_at)
                 VALUES ('{group}', '{group}', '{group}', {kind}, 'manual', {}, 0, 0)",
                members.len()
            ))
            .await;
            for member in members {
                raw.run(&format!(
                    "INSERT INTO group_fixed (group_id, member) VALUES ('{group}', '{member}');
                     INSERT INTO group_members (group_id, member) VALUES ('{group}', '{member}')"
                ))
                .await;
            }
        }
        for (asset, group) in [(assets[0], "people"), (assets[1], "devices")] {
            raw.run(&format!(
                "INSERT INTO assignments (asset, group_id, intent, kind, settings, priority, shortage, reserved,
                     created_at, created_by, changed_at)
                 VALUES ({asset}, '{group}', 0, 0, '{{}}', 1, 0, 0, 0, 'Ada', 0)"
            ))
            .await;
        }
        let assigned = Self {
            fence,
            people: assets[0],
            devices: assets[1],
        };
        assigned.planned(db).await;
        assigned
    }

    /// What is planned again since this was asked last.
    async fn planned(&self, db: &Db) -> Vec<AssetId> {
        db.queue_changed_groups().await.unwrap();
        let queued = db.assets_to_plan(&self.fence.location, NOW, 100).await.unwrap();
        db.planned(&self.fence, &queued).await.unwrap();
        queued.into_iter().map(|(asset, _)| asset).collect()
    }
}

fn device(serial: &str, user: &str) -> DeviceForm {
    DeviceForm {
        name: serial.to_owned(),
        serial: serial.to_owned(),
        user_name: user.to_owned(),
        ..DeviceForm::default()
    }
}

async fn import(db: &Db, devices: Vec<DeviceForm>) {
    let devices: Vec<_> = devices
        .into_iter()
        .map(|form| (DeviceId(form.serial.to_lowercase()), form))
        .collect();
    db.import_devices(&devices, NOW, Import::Write).await.unwrap();
}

#[test]
fn a2_another_device_of_a_person_has_the_persons_groups_planned_again() {
    on_each_raw(|db, raw| async move {
        let assigned = Assigned::new(&db, &raw).await;
        db.insert_device(&"second".into(), &device("SECOND", "ADA"), NOW)
            .await
            .unwrap();
        let both = [assigned.people, assigned.devices];
        assert_eq!(assigned.planned(&db).await, both, "by hand");
        db.insert_device(&"third".into(), &device("THIRD", "nobody"), NOW)
            .await
            .unwrap();
        assert!(assigned.planned(&db).await.is_empty(), "of nobody who is known");
        import(&db, vec![device("THIRD", "bo")]).await;
        assert_eq!(assigned.planned(&db).await, [assigned.people], "by CSV");
    });
}

#[test]
fn a2_a_device_that_changes_hands_has_the_groups_of_both_planned_again() {
    on_each_raw(|db, raw| async move {
        let assigned = Assigned::new(&db, &raw).await;
        db.insert_device(&"second".into(), &device("SECOND", "bo"), NOW)
            .await
            .unwrap();
        assigned.planned(&db).await;
        import(&db, vec![device("SECOND", "")]).await;
        assert_eq!(
            assigned.planned(&db).await,
            [assigned.people],
            "its former person's"
        );
        import(&db, vec![device("SECOND", "ada")]).await;
        assert!(
            assigned.planned(&db).await.contains(&assigned.people),
            "its new one's"
        );
        let kiosk = DeviceForm {
            kiosk: true,
            ..device("SECOND", "ada")
        };
        import(&db, vec![kiosk]).await;
        assert!(
            assigned.planned(&db).await.contains(&assigned.people),
            "what can be depends on it"
        );
        db.set_left(&"second".into(), Some(NOW), NOW).await.unwrap();
        assert!(
            assigned.planned(&db).await.contains(&assigned.people),
            "it is gone"
        );
    });
}

#[test]
fn a2_a_person_who_comes_changes_or_goes_has_the_groups_of_the_devices_planned_again() {
    on_each_raw(|db, raw| async move {
        let assigned = Assigned::new(&db, &raw).await;
        let changed = async |user_name: &str| {
            let form = PersonForm {
                user_name: user_name.to_owned(),
                ..form("ada", "Ada")
            };
            db.change_person(&"ada".into(), &form, None, None, NOW)
                .await
                .unwrap();
            assigned.planned(&db).await.contains(&assigned.devices)
        };
        assert!(changed("adele").await, "the device is nobody's now");
        assert!(changed("Ada").await, "it is Ada's again");
        db.delete_person(&"ada".into(), None, NOW).await.unwrap();
        assert!(assigned.planned(&db).await.contains(&assigned.devices));
        let back = [(PersonId::from("ada-2"), form("ada", "Ada"))];
        db.import_people(&back, NOW, Import::Write).await.unwrap();
        assert!(assigned.planned(&db).await.contains(&assigned.devices));
    });
}

#[test]
fn a3_an_app_that_allows_something_else_has_what_is_assigned_planned_again() {
    on_each_raw(|db, raw| async move {
        let assigned = Assigned::new(&db, &raw).await;
        raw.run(&format!(
            "UPDATE assets SET platforms = 'tvOS' WHERE id = {}",
            assigned.people
        ))
        .await;
        assert_eq!(assigned.planned(&db).await, [assigned.people]);
        raw.run("UPDATE assets SET platforms = 'tvOS'").await;
        assert_eq!(
            assigned.planned(&db).await,
            [assigned.devices],
            "only where it is another"
        );
        for became in [
            "device_assignable = NOT device_assignable",
            "revocable = NOT revocable",
            "unlimited = NOT unlimited",
        ] {
            raw.run(&format!(
                "UPDATE assets SET {became} WHERE id = {}",
                assigned.people
            ))
            .await;
            assert_eq!(assigned.planned(&db).await, [assigned.people], "{became}");
        }
    });
}

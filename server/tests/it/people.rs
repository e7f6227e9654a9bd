//! People and groups over HTTP, as plain forms (D1 to D4), and who may do what.

use crate::{stand::Stand, web::Visitor};
use contract::{
    Role, Serial,
    assignments::GroupAssignments,
    devices::Devices,
    groups::{GroupQuery, Groups},
    people::{People, PersonForm, PersonQuery, PersonRow},
};
use reqwest::{StatusCode, header};
use sandbox::Organisation;

async fn stand() -> Stand {
    Stand::start(Organisation {
        apps: 1,
        devices: 3,
        ..Organisation::default()
    })
    .await
}

async fn people(stand: &Stand) -> Vec<PersonRow> {
    People::list(&stand.portal, &stand.owner, PersonQuery::default())
        .await
        .unwrap()
        .rows
}

async fn group_named(stand: &Stand, name: &str) -> contract::groups::GroupRow {
    let query = GroupQuery {
        search: name.to_owned(),
        ..GroupQuery::default()
    };
    let page = Groups::list(&stand.portal, &stand.owner, query).await.unwrap();
    page.rows.into_iter().next().expect("a group")
}

/// What stands on a page, without what surrounds it.
async fn text(visitor: &Visitor, path: &str) -> String {
    let answer = visitor.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    words(&answer.text().await.unwrap())
}

fn words(html: &str) -> String {
    let html = html.split("<main").nth(1).unwrap_or_default();
    let html = html.split("</main>").next().unwrap_or_default();
    let mut text = String::new();
    let mut inside = false;
    for sign in html.chars() {
        match sign {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(sign),
            _ => {}
        }
        if sign == '>' {
            text.push(' ');
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As a browser sends a form without scripts.
async fn post(visitor: &Visitor, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
    let request = visitor.client.post(format!("{}{path}", visitor.origin));
    let request = request.header(header::ACCEPT, "text/html").form(form);
    request.send().await.unwrap()
}

const FILE: &str = "Username;Name;E-mail;Department\nanna;Anna Berg;anna@a.example;7A\nbo;Bo Lind;nonsense;7A\n\
    cleo;Cleo Vos;;7B\nanna;Again;;\n";

#[tokio::test(flavor = "multi_thread")]
async fn d3_a_file_of_people_is_previewed_and_its_good_lines_are_imported() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let upload = async |file: &str| {
        let body = format!(
            "--xx\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{file}\r\n\
             --xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n--xx--\r\n"
        );
        let request = visitor
            .client
            .post(format!("{}/people/import", visitor.origin))
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=xx")
            .body(body);
        request.send().await.unwrap()
    };
    let empty = words(&upload("user_name,name\n").await.text().await.unwrap());
    let told = "No line can be imported The file has a header and no lines below it.";
    assert!(empty.contains(told), "{empty}");
    let answer = upload(FILE).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let preview = words(&answer.text().await.unwrap());
    for part in [
        "2 to add",
        "2 bad lines",
        "3 email This is no e-mail address.",
        "5 user_name This user name stands on an earlier line too. anna",
        "Import 2 good lines",
        "anna Anna Berg anna@a.example 7A cleo Cleo Vos 7B",
    ] {
        assert!(preview.contains(part), "{part} in {preview}");
    }
    assert!(people(&stand).await.is_empty(), "a preview changes nothing");

    let answer = post(
        &visitor,
        "/api/import/write",
        &[("what", "people"), ("text", FILE)],
    )
    .await;
    let to = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(to, "/people/import?added=2&changed=0&unchanged=0&bad=2");
    assert!(
        text(&visitor, &to)
            .await
            .contains("Imported: 2 added, 0 changed, 0 unchanged")
    );
    let list = text(&visitor, "/people?search=ANNA").await;
    assert!(
        list.contains("Anna Berg anna anna@a.example") && !list.contains("Cleo"),
        "{list}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_a_preview_shows_each_change_and_a_file_of_few_columns_changes_no_others() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    visitor
        .call("import/write", &[("what", "people"), ("text", FILE)])
        .await;
    // As a spreadsheet on Windows writes it.
    let mut body =
        b"--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n".to_vec();
    body.extend_from_slice(b"user_name,name,shoe size\nanna,\xc5sa Berg,38\ndag,Dag,44\n\r\n--xx--\r\n");
    let request = visitor
        .client
        .post(format!("{}/people/import", visitor.origin))
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=xx")
        .body(body);
    let preview = words(&request.send().await.unwrap().text().await.unwrap());
    for part in [
        "1 to add 1 to change",
        "are ignored shoe size",
        "2 anna Name Anna Berg Åsa Berg",
        "3 dag New",
    ] {
        assert!(preview.contains(part), "{part} in {preview}");
    }
    let lines = "user_name,name\nanna,Åsa Berg\n";
    visitor
        .call("import/write", &[("what", "people"), ("text", lines)])
        .await;
    let list = text(&visitor, "/people?search=berg").await;
    assert!(list.contains("Åsa Berg anna anna@a.example – Active"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_person_is_added_changed_and_leaves_by_plain_forms() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let form = |user: &'static str, active| {
        let mut form = vec![
            ("user_name", user),
            ("name", "Anna Berg"),
            ("email", ""),
            ("managed_apple_account", "anna@apple.example"),
            ("department", "7A"),
        ];
        if active {
            form.push(("active", "true"));
        }
        form
    };
    let answer = post(&visitor, "/api/people/add", &form("anna", true)).await;
    let page = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let anna = people(&stand).await.remove(0);
    assert_eq!(page, format!("/people/{}", anna.id));
    let shown = text(&visitor, &page).await;
    assert!(
        shown.contains("All people") && shown.contains("By hand"),
        "{shown}"
    );

    // Refused in words at its field, with what was typed.
    let twin = visitor.call("people/add", &form("ANNA", true)).await;
    assert_eq!(twin.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused = twin.text().await.unwrap();
    assert!(
        refused.contains("user_name_taken") && refused.contains("\"7A\""),
        "{refused}"
    );

    let mut leaves = form("anna", false);
    leaves.push(("id", anna.id.as_str()));
    let answer = post(&visitor, "/api/people/change", &leaves).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    let shown = text(&visitor, &page).await;
    assert!(shown.contains("This person is in no group."), "{shown}");
    assert_eq!(group_named(&stand, "all people").await.members, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_a_rule_is_previewed_and_its_group_holds_whom_it_takes_in() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let lines = "user_name,name,department\nanna,Anna,Class 7A\nbo,Bo,Class 7B\ncleo,Cleo,class 7a\n";
    visitor
        .call("import/write", &[("what", "people"), ("text", lines)])
        .await;
    let rule = "join=all&attributes[]=department&comparisons[]=equals&values[]=CLASS+7A&attributes[]=\
        &comparisons[]=equals&values[]=";
    let shown = text(
        &visitor,
        &format!("/groups/new?kind=people&how=rule&name=Seven&{rule}"),
    )
    .await;
    assert!(
        shown.contains("2 members") && shown.contains("Anna anna"),
        "{shown}"
    );

    let form = [
        ("kind", "people"),
        ("how", "rule"),
        ("name", "Seven"),
        ("join", "all"),
        ("attributes[]", "department"),
        ("comparisons[]", "equals"),
        ("values[]", "CLASS 7A"),
        ("attributes[]", ""),
        ("comparisons[]", "equals"),
        ("values[]", ""),
    ];
    let answer = post(&visitor, "/api/groups/add", &form).await;
    let page = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let shown = text(&visitor, &page).await;
    assert!(shown.contains("Department or class is “CLASS 7A”"), "{shown}");
    assert!(shown.contains("Cleo") && !shown.contains("Bo bo"), "{shown}");
    let list = text(&visitor, "/groups?search=seven").await;
    assert!(
        list.contains("Seven People Department or class is “CLASS 7A” 2"),
        "{list}"
    );

    let empty = [("kind", "people"), ("how", "rule"), ("name", "Empty")];
    let refused = visitor.call("groups/add", &empty).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().await.unwrap().contains("rule_empty"));
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_members_are_pasted_groups_nest_and_a_name_is_typed_to_delete() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let serials = stand.serials();
    let members = format!("{}\nNOBODYHAS1", serials[0]);
    let form = [
        ("kind", "devices"),
        ("how", "fixed"),
        ("name", "Carts"),
        ("members", &members),
    ];
    let answer = post(&visitor, "/api/groups/add", &form).await;
    let to = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert!(to.ends_with("?added=1&unknown=NOBODYHAS1"), "{to}");
    let shown = text(&visitor, &to).await;
    assert!(
        shown.contains("1 member added Not known here: NOBODYHAS1"),
        "{shown}"
    );
    let carts = group_named(&stand, "carts").await;

    post(
        &visitor,
        "/api/groups/add",
        &[("kind", "devices"), ("how", "fixed"), ("name", "School")],
    )
    .await;
    let school = group_named(&stand, "school").await;
    let nest = |id: &str, inner: &str| {
        let form = [("id", id.to_owned()), ("inner", inner.to_owned())];
        let visitor = &visitor;
        async move {
            let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            visitor.call("groups/nest", &form).await
        }
    };
    assert_eq!(nest(school.id.as_str(), "CARTS").await.status(), StatusCode::OK);
    assert_eq!(group_named(&stand, "school").await.members, 1);
    for (inner, code) in [
        ("School", "group_cycle"),
        ("All people", "group_kinds_mixed"),
        ("Nowhere", "group_unknown"),
    ] {
        let refused = nest(carts.id.as_str(), inner).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().await.unwrap().contains(code), "{inner}");
    }
    let refused = nest("all_devices", "Carts").await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);

    let add = [("id", carts.id.as_str()), ("members", serials[1].as_str())];
    assert_eq!(
        visitor.call("groups/add-members", &add).await.status(),
        StatusCode::OK
    );
    assert_eq!(group_named(&stand, "school").await.members, 2);

    let delete = |confirm: &'static str| {
        [
            ("id", carts.id.as_str().to_owned()),
            ("confirm", confirm.to_owned()),
        ]
    };
    for (confirm, status) in [
        ("carts", StatusCode::UNPROCESSABLE_ENTITY),
        ("Carts", StatusCode::OK),
    ] {
        let form = delete(confirm);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            visitor.call("groups/delete", &form).await.status(),
            status,
            "{confirm}"
        );
    }
    assert_eq!(group_named(&stand, "school").await.members, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn z2_who_may_only_look_changes_neither_people_nor_groups() {
    let stand = stand().await;
    for role in [Role::HelpDesk, Role::ReadOnly] {
        let visitor = Visitor::signed_in_as(&stand, role).await;
        for path in ["/people", "/groups", "/groups/all_devices"] {
            assert_eq!(visitor.get(path).await.status(), StatusCode::OK, "{path}");
        }
        for path in ["/people/new", "/people/import", "/groups/new", "/settings/scim"] {
            assert_eq!(visitor.get(path).await.status(), StatusCode::FORBIDDEN, "{path}");
        }
        let person = [
            ("user_name", "anna"),
            ("name", ""),
            ("email", ""),
            ("managed_apple_account", ""),
            ("department", ""),
        ];
        let group = [("kind", "people"), ("how", "fixed"), ("name", "Mine")];
        for (call, form) in [
            ("people/add", &person[..]),
            (
                "import/write",
                &[("what", "people"), ("text", "user_name\nanna\n")],
            ),
            ("groups/add", &group),
            (
                "groups/delete",
                &[("id", "all_people"), ("confirm", "All people")],
            ),
            ("scim/make", &[("name", "Mine")]),
            ("scim/list", &[]),
        ] {
            let answer = visitor.call(call, form).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{call}");
        }
    }
    assert!(people(&stand).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_devices_say_how_they_are_enrolled_and_a_person_has_theirs() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let person = "user_name,name\nanna,Anna Berg\n";
    visitor
        .call("import/write", &[("what", "people"), ("text", person)])
        .await;
    let device =
        "serial,name,enrolment,kiosk,store_blocked,user_name\nC02Y402HLCM6,Anna's iPad,user,yes,yes,ANNA\n";
    visitor
        .call("import/write", &[("what", "devices"), ("text", device)])
        .await;
    let list = text(&visitor, "/people").await;
    assert!(list.contains("Anna Berg anna – – Active 1"), "{list}");
    let anna = people(&stand).await.remove(0);
    let shown = text(&visitor, &format!("/people/{}", anna.id)).await;
    assert!(
        shown.contains("Anna&#x27;s iPad") || shown.contains("Anna's iPad"),
        "{shown}"
    );
    let page = stand
        .portal
        .db
        .person_devices(&anna.id, 1)
        .await
        .unwrap()
        .remove(0);
    let shown = text(&visitor, &format!("/devices/{}", page.id)).await;
    assert!(
        shown.contains("Enrolment User Kiosk mode Yes App Store blocked Yes"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_a_scim_token_is_shown_once_and_works_until_it_is_revoked() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let answer = post(&visitor, "/api/scim/make", &[("name", "Entra ID")]).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    let page = visitor.get("/settings/scim").await.text().await.unwrap();
    let secret = page
        .split("value=\"scim_")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("the secret");
    let secret = format!("scim_{secret}");
    let use_it = async || {
        let request = visitor.client.get(format!("{}/scim/v2/Users", visitor.origin));
        request.bearer_auth(&secret).send().await.unwrap().status()
    };
    assert_eq!(use_it().await, StatusCode::OK);
    let page = visitor.get("/settings/scim").await.text().await.unwrap();
    assert!(page.contains("Entra ID") && !page.contains(&secret), "shown once");
    let token = stand.portal.db.scim_tokens().await.unwrap().remove(0);
    assert!(token.used_at.is_some());
    post(&visitor, "/api/scim/revoke", &[("id", token.id.as_str())]).await;
    assert_eq!(use_it().await, StatusCode::UNAUTHORIZED);
}

/// A plain form with a file in it; the words of the page that answers.
async fn sent_file(visitor: &Visitor, path: &str, file: &[u8]) -> String {
    let mut body =
        b"--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n".to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--xx--\r\n");
    let request = visitor
        .client
        .post(format!("{}{path}", visitor.origin))
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=xx")
        .body(body);
    words(&request.send().await.unwrap().text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_what_spreadsheets_write_is_read_and_every_problem_of_a_line_is_told() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let file = "sep=;\r\nserial;name;platform;enrolment;last_check_in\r\nC02Y402HLCM6;Åsas Mac;macos;device;\r\n\
                short;Ö;palm;byod;2999-01-01\r\n";
    let marked = |mark: [u8; 2], unit: fn(u16) -> [u8; 2]| {
        let units = file.encode_utf16().flat_map(unit);
        mark.into_iter().chain(units).collect::<Vec<u8>>()
    };
    let files = [
        marked([0xff, 0xfe], u16::to_le_bytes),
        marked([0xfe, 0xff], u16::to_be_bytes),
        format!("\u{feff}{file}").into_bytes(),
        file.as_bytes().to_vec(),
        encoding_of_windows(file),
    ];
    for file in files {
        let preview = sent_file(&visitor, "/devices/import", &file).await;
        for part in [
            "1 to add",
            "1 bad line",
            "Åsas Mac",
            "4 platform This is none of the choices. Possible: ios, ipados, macos, tvos, visionos palm",
            "4 enrolment This is none of the choices. Possible: device, user, shared byod",
            "4 last_check_in This is in the future. 2999-01-01",
            "4 serial ",
        ] {
            assert!(preview.contains(part), "{part} in {preview}");
        }
    }
    let people = "user_name,email,active\nanna,nonsense,perhaps\n";
    let preview = sent_file(&visitor, "/people/import", people.as_bytes()).await;
    for part in [
        "1 bad line",
        "2 active This is none of the choices. Possible: yes, no perhaps",
        "2 email This is no e-mail address. nonsense",
    ] {
        assert!(preview.contains(part), "{part} in {preview}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn z2_a_file_of_somebody_who_may_not_import_is_refused_by_its_status() {
    let stand = stand().await;
    for (visitor, status) in [
        (Visitor::new(&stand), StatusCode::UNAUTHORIZED),
        (
            Visitor::signed_in_as(&stand, Role::ReadOnly).await,
            StatusCode::FORBIDDEN,
        ),
        (
            Visitor::signed_in_as(&stand, Role::HelpDesk).await,
            StatusCode::FORBIDDEN,
        ),
    ] {
        for path in ["/devices/import", "/people/import"] {
            let answer = visitor
                .client
                .post(format!("{}{path}", visitor.origin))
                .header(header::ACCEPT, "text/html")
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=xx")
                .body(format!(
                    "--xx\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{FILE}\r\n--xx--\r\n"
                ));
            let answer = answer.send().await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
            assert!(answer.text().await.unwrap().contains("<h1"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_a_file_of_macos_and_one_of_others_mean_the_same_person() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let (portal, owner) = (&stand.portal, &stand.owner);
    // As macOS writes them: the letter, then its ring.
    let file = "anva\u{308}ndarnamn;namn;klass\na\u{30a}se2;A\u{30a}se O\u{308}berg;6A\u{30a}\nåse2;Again;\n";
    let done = People::import_csv(portal, owner, file).await.unwrap();
    assert_eq!((done.added, done.bad_lines), (1, 1));
    let done = People::import_csv(portal, owner, "user_name;name\nåse2;Åse Öberg\n");
    let done = done.await.unwrap();
    assert_eq!((done.added, done.changed, done.unchanged), (0, 0, 1));
    for search in ["%C3%85se", "A%CC%8Ase"] {
        let list = text(&visitor, &format!("/people?search={search}")).await;
        assert!(list.contains("Åse Öberg åse2"), "{list}");
    }
    let rule = "join=all&attributes[]=department&comparisons[]=equals&values[]=6A%CC%8A";
    let shown = text(
        &visitor,
        &format!("/groups/new?kind=people&how=rule&name=Six&{rule}"),
    )
    .await;
    assert!(
        shown.contains("1 member") && shown.contains("Åse Öberg"),
        "{shown}"
    );
}

/// As Excel writes "CSV" on Windows; all of it is in Latin-1 here.
fn encoding_of_windows(text: &str) -> Vec<u8> {
    text.chars()
        .map(|sign| u8::try_from(u32::from(sign)).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_file_says_when_devices_checked_in_last_and_never_takes_back_what_is_known() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let (portal, owner) = (&stand.portal, &stand.owner);
    let seen = async |moment: &str| {
        let file = format!("serial,name,last_check_in\nC02Y402HLCM6,Pad,{moment}\n");
        let done = Devices::import_csv(portal, owner, &file).await.unwrap();
        let serial = Serial::parse("C02Y402HLCM6").unwrap();
        let id = portal.db.devices_by_serial(&[serial]).await.unwrap().remove(0).id;
        let seen = portal.db.device(&id).await.unwrap().seen_at;
        (done.added + done.changed, seen.map(app::i18n::iso))
    };
    let at = |moment: &str| Some(moment.to_owned());
    assert_eq!(seen("").await, (1, None));
    assert_eq!(seen("2026-01-31").await, (1, at("2026-01-31T00:00:00Z")));
    assert_eq!(
        seen("2026-02-01T10:00:00Z").await,
        (1, at("2026-02-01T10:00:00Z"))
    );
    assert_eq!(
        seen("2026-01-31").await,
        (0, at("2026-02-01T10:00:00Z")),
        "it never moves back"
    );
    assert_eq!(
        seen("").await,
        (0, at("2026-02-01T10:00:00Z")),
        "an empty cell says nothing"
    );

    let file = visitor.get("/export/devices.csv?search=C02Y402HLCM6").await;
    let file = file.text().await.unwrap();
    assert!(file.contains(",2026-02-01T10:00:00Z"), "{file}");
    let again = Devices::preview_csv(portal, owner, &file).await.unwrap();
    assert_eq!((again.unchanged, again.changed), (1, 0));
    let page = text(&visitor, "/devices/import").await;
    assert!(
        page.contains("last_check_in When the device last checked in"),
        "{page}"
    );
    let example = include_str!("../../../public/devices-example.csv");
    let example = Devices::preview_csv(portal, owner, example).await.unwrap();
    assert!(
        example.bad.is_empty() && example.ignored.is_empty(),
        "{example:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a_form_from_before_somebody_left_does_not_bring_them_back() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let anna = [("user_name", "anna"), ("name", "Anna"), ("active", "true")];
    let blank = [("email", ""), ("managed_apple_account", ""), ("department", "")];
    let form: Vec<_> = anna.into_iter().chain(blank).collect();
    post(&visitor, "/api/people/add", &form).await;
    let anna = people(&stand).await.remove(0);
    let page = format!("/people/{}", anna.id);
    let shown = visitor.get(&page).await.text().await.unwrap();
    assert!(shown.contains("name=\"version\" value=\"1\""), "{shown}");

    let mut gone = PersonForm::from(anna.clone());
    gone.active = false;
    let left = People::change(&stand.portal, &stand.owner, &anna.id, gone, Some(1));
    left.await.unwrap();
    let mut stale = form.clone();
    stale.extend([("id", anna.id.as_str()), ("version", "1")]);
    stale.retain(|(name, _)| *name != "name");
    stale.push(("name", "Anna Berg"));
    let refused = visitor.call("people/change", &stale).await;
    assert_eq!(refused.status(), StatusCode::PRECONDITION_FAILED);
    // A plain form comes back with what was typed, and is refused again until the page was read.
    let request = visitor
        .client
        .post(format!("{}/api/people/change", visitor.origin));
    let request = request
        .header(header::ACCEPT, "text/html")
        .header(header::REFERER, format!("{}{page}", visitor.origin));
    let back = request.form(&stale).send().await.unwrap();
    let back = back.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let back = back.strip_prefix(&visitor.origin).unwrap_or(&back).to_owned();
    let shown = visitor.get(&back).await.text().await.unwrap();
    assert!(shown.contains("value=\"Anna Berg\""), "{shown}");
    assert!(shown.contains("name=\"version\" value=\"1\""), "{shown}");
    assert!(
        shown.contains(&format!("<a href=\"{page}\" rel=\"external\"")),
        "{shown}"
    );
    assert!(!people(&stand).await[0].active);
    let shown = visitor.get(&page).await.text().await.unwrap();
    assert!(shown.contains("name=\"version\" value=\"2\""), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_a_form_from_before_a_group_was_changed_changes_nothing() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let rule = |value: &'static str| {
        [
            ("join", "all"),
            ("attributes[]", "department"),
            ("comparisons[]", "equals"),
            ("values[]", value),
        ]
    };
    let mut form = vec![("kind", "people"), ("how", "rule"), ("name", "Seven")];
    form.extend(rule("7A"));
    post(&visitor, "/api/groups/add", &form).await;
    let seven = group_named(&stand, "seven").await;
    let change = async |version: &str, value: &'static str| {
        let mut form = vec![("id", seven.id.as_str()), ("version", version), ("how", "rule")];
        form.push(("name", "Seven"));
        form.extend(rule(value));
        visitor.call("groups/change", &form).await
    };
    assert_eq!(change("1", "7B").await.status(), StatusCode::OK);
    let stale = change("1", "7C").await;
    assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED);
    let refused = stale.text().await.unwrap();
    assert!(refused.contains("\"7C\""), "what was typed comes back: {refused}");
    let shown = text(&visitor, &format!("/groups/{}", seven.id)).await;
    assert!(shown.contains("“7B”"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_built_in_groups_go_by_their_names_in_each_language() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    for (name, built_in) in [
        ("alla personer", "all_people"),
        ("Alle personen", "all_people"),
        ("All people", "all_people"),
    ] {
        let form = [("kind", "people"), ("how", "fixed"), ("name", "Outer")];
        post(&visitor, "/api/groups/add", &form).await;
        let outer = group_named(&stand, "outer").await;
        let nest = [("id", outer.id.as_str()), ("inner", name)];
        let nested = visitor.call("groups/nest", &nest).await;
        assert_eq!(nested.status(), StatusCode::OK, "{name}");
        let detail = Groups::detail(&stand.portal, &stand.owner, &outer.id)
            .await
            .unwrap();
        assert_eq!(detail.inner[0].id.as_str(), built_in);
        Groups::delete(&stand.portal, &stand.owner, &outer.id, "Outer")
            .await
            .unwrap();
    }
    let sought = GroupAssignments::choices(&stand.portal, &stand.owner, "Alla enh").await;
    let sought: Vec<_> = sought.unwrap().into_iter().map(|choice| choice.id.0).collect();
    assert_eq!(sought, ["all_devices"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn z3_the_audit_names_who_was_put_into_a_group() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let form = [("kind", "devices"), ("how", "fixed"), ("name", "Carts")];
    post(&visitor, "/api/groups/add", &form).await;
    let carts = group_named(&stand, "carts").await;
    let serial = stand.serials().remove(0);
    let added = Groups::add_members(&stand.portal, &stand.owner, &carts.id, &serial).await;
    assert_eq!(added.unwrap().added, 1);
    let list = Devices::list(&stand.portal, &stand.owner, Default::default())
        .await
        .unwrap();
    let device = list
        .rows
        .iter()
        .find(|row| row.serial.as_str() == serial)
        .unwrap();
    let line = stand.portal.db.audit(1).await.unwrap().remove(0);
    assert_eq!(line.action, "groups.add_members");
    assert!(
        line.details.to_string().contains(device.id.as_str()),
        "{}",
        line.details
    );
}

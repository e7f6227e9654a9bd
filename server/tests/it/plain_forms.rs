//! Forms without scripts: what was typed is still there after a refusal, and what was made is shown.

use crate::{
    stand::{Folder, Stand, settings},
    web::Visitor,
};
use contract::{
    Code, Role,
    devices::{DeviceQuery, Devices},
    groups::{GroupKind, GroupQuery, Groups},
    tokens::{EditToken, Tokens},
};
use reqwest::{StatusCode, header};
use sandbox::Organisation;

async fn stand() -> Stand {
    Stand::start(Organisation {
        apps: 2,
        devices: 2,
        ..Organisation::default()
    })
    .await
}

/// Sends the form of `page`, and reads the page that the browser is led to.
async fn send(visitor: &Visitor, page: &str, form: reqwest::RequestBuilder) -> String {
    let referer = format!("{}{page}", visitor.origin);
    let request = form
        .header(header::ACCEPT, "text/html")
        .header(header::REFERER, referer);
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_redirection(), "{page}: {}", answer.status());
    let to = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let to = to.strip_prefix(&visitor.origin).unwrap_or(&to);
    visitor.get(to).await.text().await.unwrap()
}

async fn plain(visitor: &Visitor, page: &str, call: &str, form: &[(&str, &str)]) -> String {
    let request = visitor.client.post(format!("{}/api/{call}", visitor.origin));
    send(visitor, page, request.form(form)).await
}

/// The tag that has this name, as far as it goes.
fn tag<'a>(page: &'a str, name: &str) -> &'a str {
    let name = page.find(&format!("name=\"{name}\"")).unwrap();
    let start = page[..name].rfind('<').unwrap();
    &page[start..name + page[name..].find('>').unwrap()]
}

/// What is chosen in the list of this name.
fn chosen<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, list) = page.split_once(&format!("id=\"{name}\"")).unwrap();
    let (list, _) = list.split_once("</select>").unwrap();
    let option = list.split("<option").find(|option| option.contains(" selected"));
    let (_, value) = option.unwrap_or_default().split_once("value=\"").unwrap();
    value.split('"').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_keeps_all_but_the_file() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let page = visitor.get("/tokens/new").await.text().await.unwrap();
    assert!(tag(&page, "apple_account").contains(" required"));
    assert!(tag(&page, "automatic_updates").contains(" checked"));
    let fields = [
        ("name", "Quay & Co"),
        ("apple_account", "it@quay.example"),
        ("country", "SE"),
        ("account_type", "education"),
        ("consent", "true"),
        ("file", "nonsense"),
    ];
    let body: String = fields
        .iter()
        .map(|(name, text)| {
            format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        })
        .collect();
    let form = visitor
        .client
        .post(format!("{}/api/tokens/create-from-file", visitor.origin))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=xx")
        .body(format!("{body}--xx--\r\n"));
    let page = send(&visitor, "/tokens/new", form).await;
    assert!(
        tag(&page, "name").contains("value=\"Quay &amp; Co\""),
        "{}",
        tag(&page, "name")
    );
    assert!(tag(&page, "apple_account").contains("value=\"it@quay.example\""));
    assert_eq!(
        (chosen(&page, "country"), chosen(&page, "account_type")),
        ("SE", "education")
    );
    assert!(!tag(&page, "consent").contains(" checked"), "it is given anew");
    assert!(
        !tag(&page, "automatic_updates").contains(" checked"),
        "it was not ticked"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_change_of_a_token_keeps_what_was_typed() {
    let stand = stand().await;
    let id = stand.create_token().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let form = [
        ("id", id.as_str()),
        ("name", " "),
        ("apple_account", "quay@harbour.example"),
        ("country", "NL"),
        ("account_type", "education"),
        ("sync_hours", "6"),
    ];
    let page = plain(&visitor, &format!("/tokens/{id}/edit"), "tokens/edit", &form).await;
    assert!(tag(&page, "apple_account").contains("value=\"quay@harbour.example\""));
    assert!(tag(&page, "sync_hours").contains("value=\"6\""));
    assert!(!tag(&page, "automatic_updates").contains("checked"));
    assert_eq!(
        (chosen(&page, "country"), chosen(&page, "account_type")),
        ("NL", "education")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_owner_types_name_and_address_but_once() {
    let sandbox = sandbox::Sandbox::start(sandbox::SandboxSettings::default())
        .await
        .unwrap();
    let folder = Folder::new();
    let running = server::start::start(settings(&sandbox, &folder)).await.unwrap();
    let link = server::start::first_link(&running.portal).await.unwrap().unwrap();
    let visitor = Visitor::at(running.origin.clone());
    let form = [
        ("secret", link.rsplit('/').next().unwrap()),
        ("name", "Ada"),
        ("email", "ada@harbour.example"),
        ("password", "short"),
    ];
    let page = plain(&visitor, &link, "session/accept-link", &form).await;
    assert!(tag(&page, "name").contains("value=\"Ada\""));
    assert!(tag(&page, "email").contains("value=\"ada@harbour.example\""));
    assert!(!page.contains("short\""), "the password does not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_group_keeps_its_members_or_its_rule() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let taken = [
        ("kind", "devices"),
        ("how", "fixed"),
        ("name", "Carts"),
        ("members", ""),
    ];
    visitor.call("groups/add", &taken).await;
    let page = plain(
        &visitor,
        "/groups/new?kind=devices&how=fixed",
        "groups/add",
        &[
            ("kind", "devices"),
            ("how", "fixed"),
            ("name", "Carts"),
            ("members", "C02A\r\nC02<B"),
        ],
    )
    .await;
    assert!(tag(&page, "name").contains("value=\"Carts\""));
    let (_, members) = page.split_once("<textarea").unwrap();
    assert!(
        members.contains(">C02A\r\nC02&lt;B</textarea>"),
        "{}",
        &members[..300]
    );
    let page = plain(
        &visitor,
        "/groups/new?kind=devices&how=rule",
        "groups/add",
        &[
            ("kind", "devices"),
            ("how", "rule"),
            ("name", "Carts"),
            ("join", "any"),
            ("attributes[0]", "model"),
            ("comparisons[0]", "contains"),
            ("values[0]", "iPad"),
        ],
    )
    .await;
    assert_eq!(chosen(&page, "join"), "any");
    let lines: Vec<_> = page.split("class=\"rule-line\"").skip(1).collect();
    assert!(
        lines[0].contains("value=\"model\" selected") && lines[0].contains("value=\"iPad\""),
        "{}",
        lines[0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_fits_into_what_a_proxy_keeps_for_the_head_of_an_answer() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let (name, members) = ("ö".repeat(250), "C02A\r\n".repeat(200));
    for members in ["", &members[..1_200], &members[..1_140], &members] {
        let form = [
            ("kind", "devices"),
            ("how", "fixed"),
            ("name", name.as_str()),
            ("members", members),
        ];
        let request = visitor
            .client
            .post(format!("{}/api/groups/add", visitor.origin))
            .header(header::ACCEPT, "text/html")
            .header(
                header::REFERER,
                format!("{}/groups/new?kind=devices&how=fixed", visitor.origin),
            );
        let answer = request.form(&form).send().await.unwrap();
        assert!(answer.status().is_redirection(), "{}", answer.status());
        let head = answer.headers().iter();
        let head: usize = head
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        assert!(head < 4_000, "{head} bytes for {} of members", members.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_assignment_keeps_what_was_chosen() {
    let stand = stand().await;
    stand.create_token().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let asset = stand.apps().await.remove(0).id.to_string();
    let groups = Groups::list(&stand.portal, &stand.owner, GroupQuery::default()).await;
    let groups = groups.unwrap().rows;
    let people = groups
        .iter()
        .find(|group| group.kind == GroupKind::People)
        .unwrap();
    let page = format!("/assignments/edit?asset={asset}");
    let form = [
        ("asset", asset.as_str()),
        ("group", people.id.as_str()),
        ("mode", "include"),
        ("intent", "available"),
        ("kind", "user"),
        ("priority", "high"),
        ("shortage", "fail"),
        ("reserved", "some"),
        ("removable", "true"),
        ("vpn_profile", "Harbour VPN"),
    ];
    let page = plain(&visitor, &page, "assignments/plan-save", &form).await;
    for (name, value) in [
        ("group", people.id.as_str()),
        ("intent", "available"),
        ("kind", "user"),
        ("priority", "high"),
    ] {
        assert_eq!(chosen(&page, name), value, "{name}");
    }
    assert!(tag(&page, "reserved").contains("value=\"some\""));
    assert!(tag(&page, "vpn_profile").contains("value=\"Harbour VPN\""));
    assert!(tag(&page, "removable").contains(" checked"));
    assert!(!tag(&page, "license_only").contains(" checked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_a_device_is_shown_once_with_its_code() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let devices = Devices::list(&stand.portal, &stand.owner, DeviceQuery::default()).await;
    let device = devices.unwrap().rows.remove(0).id.to_string();
    let page = format!("/devices/{device}/enrol");
    let form = [("device", device.as_str())];
    let shown = plain(&visitor, &page, "requests/enrolment-link", &form).await;
    let (_, link) = shown.split_once("value=\"/checkin/").unwrap();
    assert!(shown.contains("<path d=\"M0 0h1v1h-1z"), "a QR code");
    let link = format!("/checkin/{}", link.split('"').next().unwrap());
    assert_eq!(Visitor::new(&stand).get(&link).await.status(), StatusCode::OK);
    let again = visitor.get(&page).await.text().await.unwrap();
    assert!(!again.contains("value=\"/checkin/"), "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_reason_comes_back_to_be_made_shorter() {
    let stand = stand().await;
    stand.create_token().await;
    let devices = Devices::list(&stand.portal, &stand.owner, DeviceQuery::default()).await;
    let device = devices.unwrap().rows.remove(0);
    let phone = crate::checkin::checked_in(&stand, &device.id).await;
    let found = phone.get("/checkin/ask").await.text().await.unwrap();
    let (_, asset) = found.split_once("asset=").unwrap();
    let asset: String = asset.chars().take_while(char::is_ascii_digit).collect();
    let page = format!("/checkin/ask?q=&asset={asset}");
    let reason = format!("For the choir & {}", "å".repeat(490));
    let form = [("asset", asset.as_str()), ("reason", &reason)];
    let page = plain(&phone, &page, "checkin/ask", &form).await;
    assert!(tag(&page, "reason").contains("aria-invalid=\"true\""), "{page}");
    assert!(page.contains(&format!(">{}</textarea>", reason.replace('&', "&amp;"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_country_is_one_that_there_is_and_the_stored_one_stays() {
    let stand = stand().await;
    let none = crate::stand::form(&stand.token_file(), "Harbour");
    let none = contract::tokens::CreateToken {
        country: "XX".into(),
        ..none
    };
    let refused = Tokens::create(&stand.portal, &stand.owner, none)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.fields[0].field.as_str(), refused.fields[0].code),
        ("country", Code::ChoiceInvalid)
    );

    let token = stand.create_token().await;
    let edit = |country: &str| EditToken {
        name: "Harbour".into(),
        apple_account: "it@harbour.example".into(),
        country: country.into(),
        account_type: contract::tokens::AccountType::Education,
        automatic_updates: true,
        sync_hours: 12,
    };
    for (country, accepted) in [("ad", true), ("XX", false), ("", false), ("AD", true)] {
        let edited = Tokens::edit(&stand.portal, &stand.owner, &token, edit(country)).await;
        assert_eq!(edited.is_ok(), accepted, "{country}: {edited:?}");
    }
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let page = visitor
        .get(&format!("/tokens/{token}/edit"))
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(chosen(&page, "country"), "AD", "it has no App Store");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_does_not_say_where_it_is_reads_what_it_was_refused_for() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    let send = async |call: &str, form: &[(&str, &str)]| {
        let request = visitor.client.post(format!("{}/api/{call}", visitor.origin));
        let request = request.header(header::ACCEPT, "text/html").form(form);
        request.send().await.unwrap()
    };
    let wrong = [("email", "ada@harbour.example"), ("password", "wrong")];
    let answer = send("session/sign-in", &wrong).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let page = answer.text().await.unwrap();
    assert!(page.contains("<h1") && page.contains("sign_in_refused"), "{page}");
    let right = [
        ("email", "ada@harbour.example"),
        ("password", crate::stand::PASSWORD),
    ];
    let answer = send("session/sign-in", &right).await;
    assert!(answer.status().is_redirection());
    assert_eq!(answer.headers()[header::LOCATION], "/");
    let answer = send("settings/theme", &[("theme", "dark"), ("back", "/apps")]).await;
    assert_eq!(answer.headers()[header::LOCATION], "/apps");
}

/// An address with a refusal in it that nobody's form led to is somebody's who wants to put words into Pomona's mouth.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_form_of_ours_has_a_page_say_what_it_was_refused_for() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    let wrong = [("email", "ada@harbour.example"), ("password", "wrong")];
    let page = plain(&visitor, "/sign-in?next=/apps", "session/sign-in", &wrong).await;
    assert!(page.contains("sign_in_refused"));
    let fault = contract::Fault::new(Code::ChangedMeanwhile).with("page", "https://evil.example/");
    let refusal =
        leptos::server_fn::error::ServerFnUrlError::new("/api/session/sign-in", app::call::Failure(fault));
    let address = refusal
        .to_url(&format!("{}/sign-in?next=/apps", visitor.origin))
        .unwrap();
    let open = async |site: &str| {
        let request = visitor.client.get(address.clone()).header("sec-fetch-site", site);
        request.send().await.unwrap()
    };
    for site in ["cross-site", "same-site", "none"] {
        let answer = open(site).await;
        assert_eq!(
            answer.headers()[header::LOCATION],
            "/sign-in?next=/apps",
            "{site}"
        );
    }
    let page = open("same-origin").await.text().await.unwrap();
    assert!(
        page.contains("changed_meanwhile") && !page.contains("evil.example/\""),
        "{page}"
    );
}

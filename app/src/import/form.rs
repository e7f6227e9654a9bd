//! The form that takes a file or pasted lines.

use super::{Checked, CsvUpload, Upload, check};
use crate::{
    browser, t,
    ui::{ButtonLink, Kind, Submit, as_written},
};
use contract::{Code, Fault};
use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast};

/// More than this the server does not take; 100,000 lines fit.
const LARGEST: f64 = 16_000_000.0;

#[component]
pub fn UploadForm(
    upload: Upload,
    /// What was sent before.
    text: String,
    on_checked: impl Fn(Checked) + Copy + 'static,
) -> impl IntoView {
    let file = NodeRef::<html::Input>::new();
    let lines = NodeRef::<html::Textarea>::new();
    let busy = RwSignal::new(false);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let file = file
            .get()
            .and_then(|input| input.files())
            .and_then(|files| files.get(0));
        let lines = lines.get().map(|area| area.value()).unwrap_or_default();
        busy.set(true);
        leptos::task::spawn_local(async move {
            let checked = match file {
                Some(file) if file.size() > LARGEST => too_large(),
                Some(file) => check(upload.what, sent(read(&file).await, false)).await,
                None => check(upload.what, sent(lines, true)).await,
            };
            busy.set(false);
            let good = matches!(checked.preview, Some(Ok(_)));
            on_checked(checked);
            if good {
                set_timeout(|| browser::focus("preview"), std::time::Duration::from_millis(50));
            }
        });
    };
    view! {
        <form
            class="form card"
            method="post"
            action=upload.path()
            enctype="multipart/form-data"
            on:submit=submit
        >
            <div class="field">
                <label for="file">{t!(import_file)}</label>
                <input
                    node_ref=file
                    id="file"
                    name="file"
                    type="file"
                    accept=".csv,.txt,text/csv,text/plain"
                    aria-describedby="file-hint"
                />
                <p class="hint" id="file-hint">{t!(import_file_hint)}</p>
            </div>
            <div class="field">
                <label for="text">{t!(import_text)}</label>
                <textarea node_ref=lines id="text" name="text" rows="6" spellcheck="false" autocomplete="off">
                    {as_written(&text)}
                </textarea>
            </div>
            <div class="commands">
                <Submit kind=Kind::Main label=t!(import_preview_do) pending=busy/>
                <ButtonLink href=upload.list.0 label=t!(edit_cancel) kind=Kind::Quiet/>
            </div>
        </form>
    }
}

fn sent(text: String, pasted: bool) -> CsvUpload {
    CsvUpload {
        text,
        pasted,
        back: false,
    }
}

fn too_large() -> Checked {
    Checked {
        text: String::new(),
        pasted: false,
        preview: Some(Err(crate::call::Failure(Fault::new(Code::BodyTooLarge)))),
    }
}

/// A file's text: as its mark says (Excel's "Unicode text" is UTF-16), or UTF-8, or what spreadsheets on Windows write
/// instead. The server reads the file of a plain form in the same way.
async fn read(file: &web_sys::File) -> String {
    let Ok(bytes) = wasm_bindgen_futures::JsFuture::from(file.array_buffer()).await else {
        return String::new();
    };
    let bytes: js_sys::ArrayBuffer = bytes.unchecked_into();
    let mark = js_sys::Uint8Array::new(&bytes);
    let mark = (mark.get_index(0), mark.get_index(1), mark.get_index(2));
    let decoded = |encoding, strict| {
        let options = web_sys::TextDecoderOptions::new();
        options.set_fatal(strict);
        let decoder = web_sys::TextDecoder::new_with_label_and_options(encoding, &options)?;
        decoder.decode_with_buffer_source(&bytes)
    };
    match mark {
        (0xef, 0xbb, 0xbf) => decoded("utf-8", false),
        (0xff, 0xfe, _) => decoded("utf-16le", false),
        (0xfe, 0xff, _) => decoded("utf-16be", false),
        _ => decoded("utf-8", true).or_else(|_| decoded("windows-1252", false)),
    }
    .unwrap_or_default()
}

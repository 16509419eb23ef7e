//! Files in object stores and on web servers, by URL.

mod support;

use array_format_reliability::servers::{Kind, Server, plain, skipped};
use support::{Place, Run, data};

/// The program with what the environment says of a server.
fn af(place: &Place, server: &Server, arguments: &[&str]) -> Run {
    let mut command = place.command(arguments);
    for (key, value) in server.options() {
        let key = key.to_ascii_uppercase();
        let key = match key.starts_with("AWS_") {
            true => key,
            false => format!("AWS_{key}"),
        };
        command.env(key, value);
    }
    command.output().unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_as_good_as_a_disk() {
    if skipped("the command line on S3") {
        return;
    }
    let server = Server::start(Kind::SeaweedFs).await.unwrap();
    let place = Place::new();
    let url = format!("{}/x.af", server.new_url().trim_end_matches('/'));
    let source = data().join("north_atlantic_annual.nc");
    let source = source.to_string_lossy();
    af(&place, &server, &["import", "--verify", &source, &url]).ok();
    let all = af(&place, &server, &["--json", "ls", &url]).json();
    assert!(all.as_array().unwrap().iter().any(|a| a["name"] == "TEMP"));
    af(&place, &server, &["attrs", &url, "TEMP", "note=here"]).ok();
    af(&place, &server, &["compact", &url]).ok();
    let info = af(&place, &server, &["--json", "info", &url]).json();
    assert!(info["open_requests"].as_u64().unwrap() <= 10, "{info}");
    assert_eq!(
        af(&place, &server, &["attrs", &url, "TEMP", "note"]).ok(),
        "here\n"
    );
    af(&place, &server, &["copy", &url, "here.af"]).ok();
    let diff = af(&place, &server, &["diff", &url, "here.af", "--values"]);
    assert_eq!(diff.code, 0, "{}{}", diff.out, diff.err);

    let missing = af(&place, &server, &["ls", "s3://no-such-bucket/x.af"]).fails(1);
    assert!(missing.contains("x.af"), "{missing}");
    let mut wrong = place.command(&["ls", &url]);
    for (key, value) in server.options() {
        wrong.env(key.to_ascii_uppercase(), value);
    }
    wrong
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_SECRET_ACCESS_KEY", "wrong");
    let wrong: Run = wrong.output().unwrap().into();
    let refused = wrong.fails(1);
    assert!(refused.contains("AWS_"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn web_servers_are_read_from() {
    let place = Place::with_ocean();
    let server = plain::serve_dir(place.0.path()).await.unwrap();
    let url = server.url("ocean.af");
    let here = place.af(&["--json", "ls", "ocean.af"]).ok();
    assert_eq!(af(&place, &server, &["--json", "ls", &url]).ok(), here);
    let cat = |file: &str| {
        af(
            &place,
            &server,
            &["cat", file, "north_atlantic_annual/TEMP[0]", "-f", "csv"],
        )
        .ok()
    };
    assert_eq!(cat(&url), cat("ocean.af"));
    let refused = af(&place, &server, &["attrs", &url, ".", "a=1"]).fails(1);
    assert!(
        refused.to_lowercase().contains("read-only") || refused.contains("405"),
        "{refused}"
    );
}

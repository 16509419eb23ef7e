//! `af serve` and `af refs`.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;
use support::Place;

/// The program while it serves.
struct Served {
    child: Child,
    port: u16,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn new(place: &Place, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--port", "0"], arguments].concat();
        let mut command = place.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let url = line.split_whitespace().next().unwrap();
        let port = url.rsplit(':').next().unwrap().parse().unwrap();
        Self { child, port }
    }

    /// What the server answers to a request as it stands.
    fn ask(&self, path: &str, headers: &str) -> (u16, String, Vec<u8>) {
        let host = format!("Host: 127.0.0.1:{}\r\n", self.port);
        self.raw("GET", path, &format!("{host}{headers}"))
    }

    fn raw(&self, method: &str, path: &str, headers: &str) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec())
            .unwrap()
            .to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer[end + 4..].to_vec();
        (status, head, body)
    }

    fn json(&self, path: &str) -> Value {
        let (status, head, body) = self.ask(path, "");
        assert_eq!(status, 200, "{head}");
        serde_json::from_slice(&body).unwrap()
    }
}

#[test]
fn files_are_served_as_zarr() {
    let place = Place::with_ocean();
    let served = Served::new(&place, &["ocean.af"]);
    let root = served.json("/zarr/ocean/zarr.json");
    assert_eq!(root["node_type"], "group");
    let all = root["consolidated_metadata"]["metadata"]
        .as_object()
        .unwrap();
    let temp = &all["north_atlantic_annual/TEMP"];
    assert_eq!(temp["data_type"], "float32");
    assert_eq!(
        served.json("/zarr/ocean/north_atlantic_annual/TEMP/zarr.json"),
        *temp
    );
    let chunk = "/zarr/ocean/north_atlantic_annual/TEMP/c/0/0/0";
    let (status, _, whole) = served.ask(chunk, "");
    let shape = temp["chunk_grid"]["configuration"]["chunk_shape"]
        .as_array()
        .unwrap();
    let n: u64 = shape.iter().map(|n| n.as_u64().unwrap()).product();
    assert_eq!((status, whole.len() as u64), (200, 4 * n));
    // As `af cat` prints it.
    let values = place.af(&[
        "--json",
        "cat",
        "ocean.af",
        "north_atlantic_annual/TEMP[0, 0, :4]",
    ]);
    for (i, value) in values.json()["values"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let bytes = whole[4 * i..4 * i + 4].try_into().unwrap();
        assert_eq!(
            f64::from(f32::from_le_bytes(bytes)),
            f64::from(value.as_f64().unwrap() as f32)
        );
    }
    // Parts of it.
    for (range, part) in [
        ("bytes=0-7", &whole[..8]),
        ("bytes=-4", &whole[whole.len() - 4..]),
        ("bytes=8-", &whole[8..]),
    ] {
        let (status, head, body) = served.ask(chunk, &format!("Range: {range}\r\n"));
        assert_eq!((status, body.as_slice()), (206, part), "{range}");
        assert!(head.contains("content-range: bytes "), "{head}");
    }
    let (status, ..) = served.ask(chunk, &format!("Range: bytes={}-\r\n", whole.len()));
    assert_eq!(status, 416);
}

#[test]
fn nothing_else_can_be_reached() {
    let place = Place::with_ocean();
    std::fs::write(place.path("secret.txt"), "secret").unwrap();
    let served = Served::new(&place, &["ocean.af"]);
    for path in [
        "/secret.txt",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/zarr/ocean/../../secret.txt",
        "/zarr/ocean/..%2f..%2fsecret.txt",
        "/zarr/other/zarr.json",
        "/zarr/ocean/ocean.af",
        "/zarr/ocean//zarr.json",
        "/zarr/ocean/north_atlantic_annual/TEMP/c/0/0",
        "/zarr/ocean/north_atlantic_annual/TEMP/c/0/0/99",
        "/zarr/ocean/north_atlantic_annual/TEMP/c/0/0/00",
        "/zarr/ocean/north_atlantic_annual/TEMP/c/0/0/-1",
        "/zarr/ocean/north_atlantic_annual/TEMP/c/0/0/99999999999999999999",
        "/api/files/other/arrays",
        "/api/files/ocean/plane?array=nothing",
    ] {
        let (status, head, body) = served.ask(path, "");
        assert_eq!(status, 404, "{path}: {head}");
        assert!(
            !String::from_utf8_lossy(&body).contains("secret\""),
            "{path}"
        );
    }
    // Another site that has given this machine its name.
    let (status, ..) = served.raw("GET", "/api/files", "Host: evil.example\r\n");
    assert_eq!(status, 403);
    let (status, ..) = served.raw("GET", "/api/files", "");
    assert!(status >= 400);
    // Nothing is changed by anybody.
    for method in ["POST", "PUT", "DELETE"] {
        let host = format!("Host: localhost:{}\r\n", served.port);
        let (status, ..) = served.raw(method, "/zarr/ocean/zarr.json", &host);
        assert_eq!(status, 405, "{method}");
    }
    let wrong = [
        ("/api/files/ocean/plane", 400),
        (
            "/api/files/ocean/plane?array=north_atlantic_annual/TEMP&region=[0",
            400,
        ),
        (
            "/api/files/ocean/plane?array=north_atlantic_annual/TEMP&region=[0,0,0,0]",
            400,
        ),
        (
            "/api/files/ocean/values?array=north_atlantic_annual/TEMP",
            400,
        ),
    ];
    for (path, expected) in wrong {
        let (status, _, body) = served.ask(path, "");
        assert_eq!(
            status,
            expected,
            "{path} {}",
            String::from_utf8_lossy(&body)
        );
    }
    let policy = served.ask("/", "").1;
    assert!(
        policy.contains("content-security-policy: default-src 'self'"),
        "{policy}"
    );
}

#[test]
fn the_page_gets_planes_of_numbers() {
    let place = Place::with_ocean();
    let served = Served::new(&place, &["ocean.af"]);
    assert_eq!(served.json("/api/files")[0]["name"], "ocean");
    let arrays = served.json("/api/files/ocean/arrays");
    let temp = arrays
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["name"] == "north_atlantic_annual/TEMP");
    let shape: Vec<u64> = serde_json::from_value(temp.unwrap()["shape"].clone()).unwrap();
    let (status, head, body) = served.ask(
        "/api/files/ocean/plane?array=north_atlantic_annual/TEMP&region=[0,:,:]&size=10",
        "",
    );
    assert_eq!(status, 200);
    let step = shape[1..]
        .iter()
        .map(|n| n.div_ceil(10))
        .collect::<Vec<_>>();
    let extent = shape[1..]
        .iter()
        .zip(&step)
        .map(|(n, step)| n.div_ceil(*step))
        .collect::<Vec<_>>();
    assert!(
        head.contains(&format!("x-shape: {},{}", extent[0], extent[1])),
        "{head}"
    );
    assert!(
        head.contains(&format!("x-step: {},{}", step[0], step[1])),
        "{head}"
    );
    assert_eq!(body.len() as u64, 8 * extent.iter().product::<u64>());
    let axes = served.json("/api/files/ocean/axes?array=north_atlantic_annual/TEMP");
    assert_eq!(axes.as_array().unwrap().len(), 3);
    assert_eq!(axes[1]["places"].as_array().unwrap().len() as u64, shape[1]);
}

#[test]
fn other_origins_read_when_they_may() {
    let place = Place::with_ocean();
    let allowed = |arguments: &[&str], path: &str| {
        let served = Served::new(&place, arguments);
        let origin = "Origin: https://example.org\r\n";
        let head = served.ask(path, origin).1;
        let line = head
            .lines()
            .find_map(|l| l.strip_prefix("access-control-allow-origin: "));
        line.map(str::to_owned)
    };
    let key = "/zarr/ocean/zarr.json";
    assert_eq!(allowed(&["ocean.af"], key), None);
    assert_eq!(allowed(&["ocean.af", "--cors"], key), Some("*".to_owned()));
    assert_eq!(allowed(&["ocean.af", "--cors"], "/api/files"), None);
    let one = ["ocean.af", "--cors", "https://example.org"];
    assert_eq!(allowed(&one, key), Some("https://example.org".to_owned()));
}

#[test]
fn mistakes_are_told_before_anything_is_served() {
    let place = Place::with_ocean();
    place.af(&["serve", "missing.af"]).fails(1);
    let served = Served::new(&place, &["ocean.af"]);
    let port = served.port.to_string();
    let said = place.af(&["serve", "ocean.af", "--port", &port]).fails(2);
    assert!(said.contains("--port 0"), "{said}");
}

#[test]
fn references_name_the_bytes_of_frames() {
    let place = Place::with_ocean();
    let refs = place.af(&["refs", "ocean.af"]).json();
    assert_eq!(refs["version"], 1);
    let all = refs["refs"].as_object().unwrap();
    let file = place.path("ocean.af").canonicalize().unwrap();
    let bytes = std::fs::metadata(&file).unwrap().len();
    let mut in_place = 0;
    for (key, value) in all {
        match value {
            Value::String(text) => {
                assert!(key.contains("/.z") || key.starts_with(".z") || text.starts_with("base64:"))
            }
            Value::Array(parts) => {
                assert_eq!(parts[0], file.to_str().unwrap());
                let end = parts[1].as_u64().unwrap() + parts[2].as_u64().unwrap();
                assert!(end <= bytes, "{key}");
                in_place += 1;
            }
            other => panic!("{key}: {other}"),
        }
    }
    assert!(in_place > 0);
    // Every array is there, or it is said why not.
    let report = place
        .af(&[
            "--json", "refs", "ocean.af", "-o", "r.json", "--inline", "0",
        ])
        .json();
    let arrays = place
        .af(&["--json", "ls", "ocean.af"])
        .json()
        .as_array()
        .unwrap()
        .len();
    let refused = report["refused"].as_array().unwrap();
    assert_eq!(
        report["arrays"].as_u64().unwrap() as usize + refused.len(),
        arrays
    );
    assert!(
        refused
            .iter()
            .all(|r| !r["why"].as_str().unwrap().is_empty())
    );
    let moved = place.af(&["refs", "ocean.af", "--url", "s3://b/d/"]).ok();
    assert!(moved.contains("\"s3://b/d/ocean.af\""), "{moved}");
    place.af(&["refs", "ocean.af", "-o", "x.txt"]).fails(2);
}

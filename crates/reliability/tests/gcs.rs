//! Our double of Google Cloud Storage is what the client's own conformance suite demands.
//!
//! Copies are left out: `object_store` 0.13.2 asks for them with
//! the opposite condition.

use array_format_reliability::servers::{Kind, Server};
use object_store::integration::{
    get_nonexistent_object, get_opts, list_uses_directories_correctly, list_with_delimiter,
    list_with_offset_exclusivity, multipart_out_of_order, multipart_race_condition,
    put_get_attributes, put_get_delete_list, put_opts, stream_get,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_double_conforms() {
    let server = Server::start(Kind::Gcs).await.unwrap();
    let (store, _) = server.resolve("").unwrap();
    put_get_delete_list(&store).await;
    put_get_attributes(&store).await;
    get_opts(&store).await;
    put_opts(&store, true).await;
    get_nonexistent_object(&store, None).await.unwrap_err();
    list_uses_directories_correctly(&store).await;
    list_with_delimiter(&store).await;
    list_with_offset_exclusivity(&store).await;
    stream_get(&store).await;
    multipart_out_of_order(&store).await;
    multipart_race_condition(&store, true).await;
}

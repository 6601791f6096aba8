//! Prints the URL of a fresh database with all migrations, on the server of `DATABASE_URL`: for the query data of sqlx,
//! and to look at the schema. A later test run removes it after an hour.

#[tokio::main]
async fn main() {
    let database = harness::database().await;
    println!("{}", database.url);
    database.keep();
}

//! Whole texts: what is hidden in them, and what stays.

use super::without_secrets;

/// No secret is told, and something stands for it.
fn hidden(text: &str, bare: bool) {
    let (told, secrets) = without_secrets(text, 0, bare);
    assert!(!told.contains("HUNTER"), "{text}\n=> {told}");
    assert!(!secrets.is_empty() && told.contains("DRIFTLESS_SECRET_1_1"), "{text}\n=> {told}");
}

#[test]
fn secrets_become_names() {
    for (text, clean) in [
        ("requirepass hunter2", "requirepass @"),
        ("password = 'a b';", "password = @;"),
        ("  db_password: x", "  db_password: @"),
        ("upstream = postgres://app:pw@db/x", "upstream = postgres://app:@@db/x"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nafter", "@\nafter"),
        ("# requirepass foobared\nport 1", "# left out: it may be a secret\nport 1"),
        (";password = x\r\nport=1\r\n", "; left out: it may be a secret\r\nport=1\r\n"),
        ("\u{feff}password=x\r\nb=1\r\n", "\u{feff}password=@\r\nb=1\r\n"),
        ("primary_conninfo = 'host=x password=S port=1'", "primary_conninfo = 'host=x password=@ port=1'"),
        ("set $db_password 'S';", "set $db_password @;"),
        (r#"{"password":"S","x":1}"#, r#"{"password":@,"x":1}"#),
        ("<a><password>S</password><b>1</b></a>", "<a><password>@</password><b>1</b></a>"),
        ("url = http://x/?token=S&b=1", "url = http://x/?token=@&b=1"),
        ("password: |\n  S\n  T\nport: 1", "password: |\n  @\n  @\nport: 1"),
        ("a = \"b\"\npassword = \"S\nT\"\nc = 1\n", "a = \"b\"\npassword = @\nc = 1\n"),
    ] {
        let (told, secrets) = without_secrets(text, 0, false);
        let mut want = clean.to_owned();
        for (name, _) in &secrets {
            // An address has a sign of its own.
            want = want.replacen('@', name, 1);
        }
        assert_eq!(told, want, "{text}");
    }
    assert_eq!(without_secrets("a\nb\npassword x", 2, false).1, [("DRIFTLESS_SECRET_3_1".to_owned(), 3)]);
}

#[test]
fn no_format_tells_a_secret() {
    for text in [
        "primary_conninfo = 'host=x password=HUNTER'",
        "SetEnv DB_PASSWORD \"HUNTER\"",
        "set $db_password 'HUNTER';",
        "  user bob insecure-password HUNTER",
        "  user admin password $5$abc$HUNTER",
        "  stats auth admin:HUNTER",
        r#"{"password":"HUNTER"}"#,
        r#"{ "tokens": ["HUNTER1", "HUNTER2"] }"#,
        "{\n  \"tokens\": [\n    \"HUNTER1\",\n    \"HUNTER2\"\n  ]\n}",
        "{\n  \"password\":\n    \"HUNTER\"\n}",
        r#"x = "{\"password\":\"HUNTER\"}""#,
        "<password>HUNTER</password>",
        "<password>\n  HUNTER\n</password>",
        "<password><![CDATA[HUNTER]]></password>",
        "<secret><value>HUNTER</value></secret>",
        "<db user=\"x\" password=\"HUNTER\"/>",
        "<property name=\"password\" value=\"HUNTER\"/>",
        "<entry key=\"password\">HUNTER</entry>",
        "password:\n  HUNTER",
        "password: >-\n  HUNTER",
        "tokens:\n- HUNTER",
        "secrets:\n  db: HUNTER",
        "- name: DB_PASSWORD\n  value: HUNTER",
        "{password: HUNTER, user: x}",
        "[credentials]\ndb = HUNTER",
        "password = \"abc\n HUNTER\"",
        "password = abc \\\n HUNTER",
        "proxy_pass http://x/?token=HUNTER;",
        "proxy_set_header Authorization \"Bearer HUNTER\";",
        "RequestHeader set X \"Basic HUNTER\"",
        "proxy_set_header X-Api-Key HUNTER;",
        "if ($http_x_api_key != \"HUNTER\") {",
        "user x on >HUNTER ~* +@all",
        "user x on #HUNTER ~* +@all",
        "AWS_ACCESS_KEY_ID=HUNTER",
        "export AWS_SECRET_ACCESS_KEY=HUNTER",
        "GITHUB_PAT=HUNTER",
        "PGPASS=HUNTER",
        "CREDS=HUNTER",
        "STRIPE_KEY: HUNTER",
        "bind-pw HUNTER",
        "access_key = HUNTER",
        "ssl_key = HUNTER",
        "\u{feff}password=HUNTER",
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nHUNTER\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nHUNTER\n-----END PGP PRIVATE KEY BLOCK-----",
        "-----BEGIN PRIVATE KEY-----\nHUNTER",
        "key: \"-----BEGIN EC PRIVATE KEY-----\\nHUNTER\\n-----END EC PRIVATE KEY-----\"",
        "password = HUNTER\r\nx = 1\r\n",
        "password 12HUNTER",
        "define('DB_PASSWORD', 'HUNTER');",
        "$config['password'] = 'HUNTER';",
        "'password' => 'HUNTER',",
        "dsn = app:HUNTER@tcp(db:3306)/x",
        "url: redis://:HUNTER@x:6379",
        "x eyJhbGciOiJIUzI1NiJ9.HUNTER.x",
        "x ghp_HUNTERHUNTER",
        "x AKIAHUNTERHUNTER",
        "x y9K2HUNTERabcdefghijklmnopqrstuvwxyz0123",
        "password = /HUNTER",
        "sentinel auth-pass mymaster HUNTER",
        "host x # password HUNTER",
        "password = 'it''s HUNTER'",
        "password = a b HUNTER",
    ] {
        hidden(text, false);
        hidden(&format!("first line\n{text}\n"), false);
        hidden(&format!("first line\r\n{}\r\n", text.replace("\r\n", "\n").replace('\n', "\r\n")), false);
    }
    for text in [
        "bob:$apr1$ab$HUNTER",
        "bob:$2y$05$HUNTER",
        "bob:$6$ab$HUNTER",
        "bob:{SHA}HUNTER",
        "HUNTER",
        "bob:HUNTER",
    ] {
        hidden(text, false);
        hidden(text, true);
    }
    hidden("a pass phrase HUNTER", true);
    hidden("first\nHUNTER:second", true);
    assert_eq!(without_secrets("#x\r\n", 0, true).0, "# left out: it may be a secret\r\n");
    // What closes in a comment that is left out, and letters of more than a byte before it.
    hidden("password = \"é\n# é HUNTER\" password=é\nport 1", false);
}

#[test]
fn headers_queries_and_commands_tell_no_secret() {
    for text in [
        "proxy_set_header Cookie \"session=HUNTER\"; proxy_pass http://127.0.0.1;",
        "http-request set-header Cookie session=HUNTER",
        "proxy_set_header X-Vault \"HUNTER\";",
        "proxy_set_header X-Signature HUNTER; proxy_pass http://127.0.0.1;",
        "RequestHeader set X-Vault HUNTER",
        "secure_link_md5 \"$uri HUNTER\";",
        "proxy_pass http://127.0.0.1:9/?key=HUNTERkey&x=1;",
        "proxy_pass http://127.0.0.1:9/?a=1&sig=HUNTER;",
        "map $http_x_k $ok { default 0; \"k-HUNTER\" 1; }",
        "map $http_x_k $ok {\n    default 0;\n    HUNTER 1;\n}",
        "map $arg_token $ok { HUNTER 1; }",
        "rename-command CONFIG HUNTER",
        "rename-command CONFIG \"HUNTER\"",
        "masteruser HUNTER",
        "restore_command = 'curl -u bob:HUNTER http://x/%f'",
        "http-request deny unless { req.hdr(x-auth) -m str HUNTER }",
        "acl known hdr(x-vault) -i HUNTER",
        "Define DBCONN HUNTER",
        "ExecStart=/opt/x -pHUNTER2 -u root:HUNTER https://h/?key=HUNTER",
    ] {
        hidden(text, false);
        hidden(&format!("first line\n{text}\n"), false);
    }
}

#[test]
fn what_is_no_secret_stays_byte_for_byte() {
    for text in [
        "worker_processes auto;\nssl_certificate_key /etc/ssl/private/x.key;\r\n\n\taccess_log off;",
        "password-hash-algo argon2\nx-password-file secrets.txt",
        "SSLPassPhraseDialog builtin\nServerTokens OS\nKeepAlive On\nProxyPass / http://127.0.0.1:8080/",
        "proxy_pass http://backend;\nfastcgi_pass unix:/run/php/php8.2-fpm.sock;\nserver_tokens off;",
        "PasswordAuthentication no\nssl_key_file = '/etc/ssl/private/ssl-cert-snakeoil.key'\nssl_passphrase_command = ''",
        "password_encryption = scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\nlocal all all password\n",
        "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUK3J9aB4dEfGhIjKlMnOpQrStUvWxYz012345678ABC\n-----END CERTIFICATE-----\n",
        "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305;\ninclude /etc/nginx/token.conf;",
        "password = ${DB_PASSWORD}\ntls-key-file /etc/redis/redis.key\nnotify-keyspace-events \"\"",
        "proxy_cache_path /var/cache/x keys_zone=one:10m;\nkey_buffer_size = 16M",
        "server { listen 1 ssl; ssl_certificate /etc/a.pem; ssl_certificate_key /etc/b.pem; root /srv/none; }",
        "proxy_set_header Host $host;\nproxy_set_header X-Forwarded-Proto https;\nproxy_set_header Connection \"\";\nproxy_set_header X-Real-IP $remote_addr;",
        "map $http_upgrade $connection_upgrade { default upgrade; '' close; }",
        "acl local hdr(host) -i www.example.net\nhttp-request redirect scheme https unless { hdr(x-forwarded-proto) https }",
        "Header edit Set-Cookie ^(.*)$ $1;HttpOnly;Secure\ncookie SRV insert indirect nocache",
        "proxy_pass http://127.0.0.1/?page=2&lang=de;\nuser www-data;",
    ] {
        assert_eq!(without_secrets(text, 0, false), (text.to_owned(), vec![]));
    }
}

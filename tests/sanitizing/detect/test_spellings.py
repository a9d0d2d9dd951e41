"""Secrets as people and programs really write them, and what only looks like a secret."""

import json
from typing import Any

import pytest

from replay_assets.sanitizing import IncidentSanitizer, sanitize_text
from replay_assets.sanitizing.detect.rules import shipped
from replay_assets.sanitizing.gates.strict_gate import strict_findings

PASSWORD = "heron" + "-Mango42"
TOKEN = "qZ7mWc2Lr9Xk" + "T4bNv8Yd3Hs6"
HEX = "9c1e5f20ab73" + "d4886e0f19b2c57ad331"
CODE = "Rt(kl)4[mW9" + "]x"
DOLLAR = "$" + "pringtime77"

ENCODED_NAMES = {
    "rails_form": ("utf8=1&user%5Bpassword%5D={}&commit=Sign+in", PASSWORD, "commit=Sign+in"),
    "rails_params": ('Parameters: {{"user[password]"=>"{}", "id"=>"7"}}', PASSWORD, '"id"=>"7"'),
    "php_array": ("POST api_key[]={}&page=2", TOKEN, "page=2"),
    "php_encoded_array": ("POST /x?api_key%5B%5D={}&page=2", TOKEN, "page=2"),
    "index": ("servers[0].password={}\nservers[0].port=22", PASSWORD, "servers[0].port=22"),
    "subscript": ('cfg["password"] = "{}"', PASSWORD, "cfg["),
    "subscript_single": ("$_POST['passwd'] => {} (admin)", PASSWORD, "(admin)"),
    "nested_qs": ("auth[basic][password]={}&auth[type]=x", PASSWORD, "auth[type]=x"),
    "numbered": ("client_secret%5B0%5D={}&n=1", TOKEN, "n=1"),
    "twice_encoded": ("next=%2Flogin%3Fpassword%253D{}%2526x%253D1", PASSWORD, "%2526x%253D1"),
    "twice_encoded_brackets": ("r=user%255Bpassword%255D%3D{}%26z", PASSWORD, "%26z"),
    "spring": ("spring.datasource[primary].password: {}", PASSWORD, "primary"),
    "multipart": ('name="user[password]"\r\n\r\n{}\r\n--x', PASSWORD, "--x"),
    "map_go": ("map[user:joe password:{} port:5432]", PASSWORD, "port:5432]"),
}
CUT_VALUES = {
    "ampersand": ("login=joe&passwd=tea%26{}&lang=en", PASSWORD, "lang=en"),
    "blank": ("GET /a?password=tea%20{}%20x&page=1", PASSWORD, "page=1"),
    "plus": ("password=tea+{}&page=1", PASSWORD, "page=1"),
    "quote": ("password=tea%22{}%27&page=1", PASSWORD, "page=1"),
    "comma": ("token=ab%2C{}%3B&page=1", TOKEN, "page=1"),
    "brace": ("secret=%7B{}%7D&page=1", PASSWORD, "page=1"),
    "newline": ("pwd=ab%0D%0A{}&page=1", PASSWORD, "page=1"),
    "statement": ("GET /q?sql=ALTER+USER+app+PASSWORD+%27{}%27%3B&db=x", PASSWORD, "db=x"),
    "statement_blanks": ("q=SET%20PASSWORD%20FOR%20app%20%3D%20%27{}%27&db=x", PASSWORD, "db=x"),
    "identified": ("q=CREATE+USER+a+IDENTIFIED+BY+%27{}%27", PASSWORD, "CREATE"),
    "with_password_double": ("q=create%20role%20a%20password%20%22{}%22", PASSWORD, "create"),
    "cut_after_encoded_separator": ("u=a%26password%3D{}%26page%3D1", PASSWORD, "%26page%3D1"),
}
ODD_VALUES = {
    "dollar_json": ('{{"password": "{}"}}', DOLLAR, "password"),
    "dollar_env": ("DB_PASSWORD={}\nA=1", DOLLAR, "A=1"),
    "dollar_upper": ("PGPASSWORD={} psql", "$" + "PRING77!x", "psql"),
    "dollar_yaml": ("password: '{}'", "$" + "am_" + "Fisher9", "password"),
    "less": ("DB_PASSWORD={}\nA=1", "<" + "brisk7Walrus", "A=1"),
    "less_yaml": ("password: '{}'\nuser: a", "<k7" + "Walrus>9", "user: a"),
    "brace": ("SECRET_KEY='{}'", "{" + "k7Walrus)9x", "SECRET_KEY"),
    "brace_bare": ("db_password={}\nuser=a", "{{" + "k7Walrus9", "user=a"),
    "code": ("DB_PASSWORD={}\nLOG=1", CODE, "LOG=1"),
    "code_call": ("password={}\nLOG=1", "hunter22(" + ")x9Q", "LOG=1"),
    "dots": ("password: {}\nLOG: 1", "Otter.Pan9." + "Xylo", "LOG: 1"),
    "words_dots": ("ADMIN_PASSWORD={}\nLOG=1", "Maple.Syrup" + ".On.Toast", "LOG=1"),
    "backtick": ("password=ab`{}\nLOG=1", PASSWORD, "LOG=1"),
    "quote": ('password=ab"{}\nLOG=1', PASSWORD, "LOG=1"),
    "single_quote": ("password=ab'{}\nLOG=1", PASSWORD, "LOG=1"),
    "less_inside": ("password=ab<{}\nLOG=1", PASSWORD, "LOG=1"),
    "backslash": ("password=ab\\{}\nLOG=1", PASSWORD, "LOG=1"),
    "escaped_quote": ('{{"password": "ab\\"{}", "x": 1}}', PASSWORD, '"x": 1'),
    "yaml_doubled_quote": ("password: 'ab''{}'\nx: 1", PASSWORD, "x: 1"),
    "shell_quote": ("DB_PASSWORD='ab'\"'\"'{}' ./run", PASSWORD, "./run"),
    "shell_escape": ("export DB_PASSWORD=ab\\ {} && run", PASSWORD, "run"),
    "semicolon": ("password=ab;{}\nLOG=1", PASSWORD, "LOG=1"),
    "comma": ("password=ab,{}\nLOG=1", PASSWORD, "LOG=1"),
    "ampersand": ("DB_PASSWORD=ab&{}\nLOG=1", PASSWORD, "LOG=1"),
    "brackets_around": ("password={}\nLOG=1", "[" + "k7Walrus9x]", "LOG=1"),
    "percent": ("password={}\nLOG=1", "%s" + "k7Walrus9x", "LOG=1"),
    "at": ("password={}\nLOG=1", "@" + "dmin.Walrus", "LOG=1"),
    "hash": ("password={}\nLOG=1", "#" + "walrus-tusk", "LOG=1"),
}
URLS = {
    "hash": ("dial https://elastic:ab#{}@es-0:9200/ refused", PASSWORD, "@es-0:9200/"),
    "slash": ("GET https://app:ab/{}@es.example.net/_search", PASSWORD, "es.example.net/_search"),
    "question": ("http://app:ab?{}@es:9200/x", PASSWORD, "@es:9200/x"),
    "colon_hash": ("postgresql://app:a:b#{}@db:5432/orders", PASSWORD, "@db:5432/orders"),
    "less": ("postgresql://app:ab<{}@db:5432/orders", PASSWORD, "@db:5432/orders"),
    "greater": ("mysql://app:ab>{}@db:3306/orders", PASSWORD, "@db:3306/orders"),
    "backtick": ("amqp://app:ab`{}@mq:5672/vhost", PASSWORD, "@mq:5672/vhost"),
    "two_ats": ("https://app:ab@{}@es:9200/", PASSWORD, "@es:9200/"),
    "slash_and_at": ("postgres://app:a/b@{}@db:5432/orders", PASSWORD, "@db:5432/orders"),
    "quote": ("redis://app:ab'{}@cache:6379/0", PASSWORD, "@cache:6379/0"),
    "digits_slash": ("postgres://app:12/{}@db/orders", PASSWORD, "@db/orders"),
    "proxy": ("HTTPS_PROXY=http://corp\\joe:ab#{}@proxy:3128", PASSWORD, "@proxy:3128"),
    "git_ssh": (
        "git+https://oauth2:ab/{}@git.example.net/a.git",
        PASSWORD,
        "git.example.net/a.git",
    ),
    "smtp": ("smtp://ops@example.com:{}@mail:587", PASSWORD, "@mail:587"),
    "bracket": ("postgres://app:a[b]{}@db:5432/x", PASSWORD, "@db:5432/x"),
}
ORACLE = {
    "sqlplus": ("sqlplus scott/{}@ORCL", PASSWORD, "@ORCL"),
    "easy_connect": ("connect orders/{}@//db-1:1521/svc", PASSWORD, "@//db-1:1521/svc"),
    "quoted": ('sqlplus -s app/"{}"@//host:1521/svc', "p@ss" + "-Mango42", "@//host:1521/svc"),
    "jdbc": ("jdbc:oracle:thin:app/{}@db-1:1521:ORCL", PASSWORD, "@db-1:1521:ORCL"),
    "jdbc_service": ("jdbc:oracle:thin:app/{}@//db-1:1521/svc", PASSWORD, "@//db-1:1521/svc"),
    "expdp": ("expdp system/{}@PROD directory=d", PASSWORD, "@PROD directory=d"),
    "userid": ("sqlldr userid=app/{}@PROD control=a.ctl", PASSWORD, "@PROD control=a.ctl"),
    "rman": ("rman target sys/{}@PROD", PASSWORD, "@PROD"),
    "as_sysdba": ("CONN sys/{}@orcl AS SYSDBA", PASSWORD, "AS SYSDBA"),
    "no_host": ("sqlplus scott/{} @init.sql", PASSWORD, "@init.sql"),
}
HOOKS = {
    "routing_key": ("pagerduty_configs:\n  - routing_key: {}", HEX, "routing_key"),
    "routing_json": (
        '{{"routing_key":"{}","event_action":"trigger"}}',
        "R0" + HEX[2:].upper(),
        "trigger",
    ),
    "service_key": ("service_key: {}", HEX, "service_key"),
    "pd_integration": ("https://events.pagerduty.com/integration/{}/enqueue", HEX, "/enqueue"),
    "pd_v2": ("PAGERDUTY_TOKEN=u+{}", "Zk3TqWx8" + "LmRvB2Yc7NhP", "PAGERDUTY"),
    "pd_bare": ("Authorization Token token=y_{} pd", "Nb3TqWx8LmRv" + "B2Yc7NhP", "pd"),
    "oncall": (
        "https://oncall.corp.test/integrations/v1/grafana/{}/",
        TOKEN,
        "/integrations/v1/grafana/",
    ),
    "oncall_cloud": (
        "https://oncall-prod-us-central-0.grafana.net/oncall/integrations/v1/webhook/{}/",
        TOKEN,
        "grafana.net",
    ),
    "alerta": (
        "https://alert.victorops.com/integrations/generic/20131114/alert/{}/team",
        "3f2b7c1a-58d0" + "-4e6b-9a7d-c01f2e3d4b5a",
        "victorops",
    ),
    "mattermost": (
        "https://chat.corp.test/hooks/{}",
        "xk4j9qpw" + "zt3m7nb5y8rc2dfghe",
        "chat.corp.test/hooks/",
    ),
    "rocket": (
        "https://rocket.corp.test/hooks/{}/abcdEFGH1234",
        "64f1c0ffee64" + "f1c0ffee12",
        "rocket.corp.test",
    ),
    "opsgenie": (
        "https://api.opsgenie.com/v1/json/prometheus?apiKey={}",
        "3f2b7c1a-58d0" + "-4e6b-9a7d-c01f2e3d4b5a",
        "prometheus?apiKey=",
    ),
    "opsgenie_key": (
        "opsgenie_api_key: {}",
        "3f2b7c1a-58d0" + "-4e6b-9a7d-c01f2e3d4b5a",
        "opsgenie",
    ),
    "power_automate": (
        "https://prod-7.westus.logic.azure.com/workflows/abc/triggers/manual/paths/invoke?api-version=1&sig={}",
        TOKEN,
        "api-version=1",
    ),
    "healthchecks": (
        "curl https://hc-ping.com/{}/fail",
        "3f2b7c1a-58d0" + "-4e6b-9a7d-c01f2e3d4b5a",
        "hc-ping.com/",
    ),
    "slack": ("https://hooks.slack.com/services/T0AB12CD3/B0EF45GH6/{}", TOKEN, "x"),
    "gchat": (
        "https://chat.googleapis.com/v1/spaces/AAAAbbbb/messages?key=AIzaFAKE&token={}",
        TOKEN,
        "x",
    ),
    "gitlab_trigger": (
        "https://git.corp.test/api/v4/projects/9/ref/main/trigger/pipeline?token={}",
        TOKEN,
        "pipeline?token=",
    ),
    "webex": (
        "https://webexapis.com/v1/webhooks/incoming/{}",
        "Y2lzY29zcGFya" + "zovL3VzL1dFQkhPT0svMTIz",
        "webexapis.com",
    ),
    "squadcast": ("https://api.squadcast.com/v2/incidents/api/{}", HEX, "api.squadcast.com"),
    "betteruptime": ("https://uptime.betterstack.com/api/v1/heartbeat/{}", TOKEN, "heartbeat"),
    "zenduty": (
        "https://www.zenduty.com/api/integration/prometheus/{}/",
        "3f2b7c1a-58d0" + "-4e6b-9a7d-c01f2e3d4b5a",
        "zenduty.com",
    ),
}
CHANGES = {
    "arrow": ('password: "old-Value1" -> "{}"', PASSWORD, "->"),
    "arrow_wide": ('password: "old-Value1" → "{}"', PASSWORD, "→"),
    "fat_arrow": ("db_password = 'old-Value1' => '{}'", PASSWORD, "=>"),
    "arrow_bare": ("password: old-Value1 -> {}", PASSWORD, "->"),
    "terraform": ('~ password = "old-Value1" -> "{}" # forces replacement', PASSWORD, "forces"),
    "changed_from": ("password changed from old-Value1 to {}", PASSWORD, "changed from"),
    "changed_quoted": ('password changed from "old-Value1" to "{}"', PASSWORD, "to"),
    "diff": ("-DB_PASSWORD=old-Value1\n+DB_PASSWORD={}", PASSWORD, "+DB_PASSWORD="),
    "ansible": ("password: [old-Value1, {}]", PASSWORD, "password"),
    "before_after": ('"password": {{"old": "old-Value1", "new": "{}"}}', PASSWORD, "new"),
    "rails_changes": ('"api_token"=>["old-Value1", "{}"]', PASSWORD, "api_token"),
    "chinese": ("密碼由 old-Value1 改為 {}", PASSWORD, "改為"),
    "was_now": ("password was old-Value1, now {}", PASSWORD, "now"),
    "terraform_first": ('password = (sensitive value) -> "{}"', PASSWORD, "sensitive"),
    "from_null": ('+ token = null -> "{}"', TOKEN, "null"),
}
SESSIONS = {
    name: (form, TOKEN, kept)
    for name, form, kept in [
        ("jsessionid", "GET /a;jsessionid={}?x=1", "x=1"),
        ("jsession_header", "JSESSIONID={}; Path=/app", "Path=/app"),
        ("phpsessid", "PHPSESSID={}&a=1", "a=1"),
        ("aspnet", "ASP.NET_SessionId={}; path=/", "path=/"),
        ("connect", "connect.sid=s%3A{}.sig; a", "connect.sid"),
        ("sid", "sid={} user=joe", "user=joe"),
        ("session_id", "session_id: {}", "session_id"),
        ("sessionId", '{{"sessionId":"{}","n":1}}', '"n":1'),
        ("sessionid", "sessionid={} ok", "ok"),
        ("laravel", "laravel_session={}; x", "laravel_session"),
        ("rails", "_session_id={}&b=1", "b=1"),
        ("app_session", "_orders_session={}; b", "_orders_session"),
        ("csrftoken", "csrftoken={}; b", "csrftoken"),
        ("xsrf", "XSRF-TOKEN={}; b", "XSRF-TOKEN"),
        ("session_token", "sessionToken: {} b", "sessionToken"),
        ("session_key", "session_key={} b", "session_key"),
        ("django", "Cookie: sessionid={}", "sessionid"),
        ("cfid", "CFTOKEN={}&CFID=12", "CFID=12"),
        ("asp", "ASPSESSIONIDQQAABBCC={}; p", "ASPSESSIONID"),
        ("aspxauth", ".ASPXAUTH={}; p", ".ASPXAUTH"),
        ("wordpress", "wordpress_logged_in_ab12={}; p", "wordpress_logged_in"),
        ("remember", "remember_token={}; p", "remember_token"),
        ("x_session", "X-Session-Id: {}", "X-Session-Id"),
        ("x_vault", "X-Amz-Security-Token={}&p=1", "p=1"),
        ("awsalb", "Set-Cookie: AWSALB={}; Expires=x", "AWSALB"),
        ("sessid", "sessid={} b", "sessid"),
        ("sess", "sess={} b", "sess"),
        ("beaker", "beaker.session.id={}", "beaker"),
        ("session", "session: {}", "session"),
        ("sso", "iPlanetDirectoryPro={}; b", "iPlanetDirectoryPro"),
        ("frontend", "session-id {} expired", "expired"),
    ]
}
MAIL = {
    "local": ("mail to {} bounced", "jürgen@example.com", "bounced"),
    "domain": ("mail to {} bounced", "info@bücher.example", "bounced"),
    "chinese": ("寄信給 {} 失敗", "王小明@例子.測試", "失敗"),
    "glued": ("收件者：{}，退信", "joão.silva@empresa.com.br", "退信"),
    "cyrillic": ("to=<{}> failed", "иван@почта.рф", "failed"),
    "arabic": ("to {} failed", "مدير@مثال.السعودية", "failed"),
    "polish": ("user {} logged", "łukasz.żak@przykład.pl", "logged"),
    "encoded": ("to={}&x=1", "j%C3%BCrgen%40example.com", "x=1"),
    "wide_at": ("to {} x", "ana＠exámple.es", "to"),
}
MORE = {
    "form_literal": ("data[password]={}&x=1", PASSWORD, "x=1"),
    "quoted_index": ("user%5B%22password%22%5D={}&x=1", PASSWORD, "x=1"),
    "three_times": ("u%25255Bpassword%25255D%25253D{}%252526x", PASSWORD, "%252526x"),
    "confirmation": ('{{"user[password_confirmation]":"{}"}}', PASSWORD, "confirmation"),
    "json_in_url": ("q=%7B%22password%22%3A%22a%5C%22{}%22%2C%22u%22%3A1", PASSWORD, "u%22%3A1"),
    "doubled_in_url": ("q=ROLE%20a%20PASSWORD%20%27it%27%27s{}%27", PASSWORD, "ROLE%20a"),
    "updated": ("q=UPDATE+u+SET+password%3D%27{}%27+WHERE+id%3D1", PASSWORD, "WHERE+id%3D1"),
    "default": ("os.getenv('DB_PASSWORD', '{}')", PASSWORD, "os.getenv"),
    "or": ("password = process.env.DB_PASSWORD || '{}'", PASSWORD, "process.env"),
    "tag": ("password: !!str {}\nx: 1", PASSWORD, "x: 1"),
    "property": ('<property name="password">{}</property>', PASSWORD, "</property>"),
    "braces_odbc": ("Server=db;Pwd={{a;b{}}};Uid=a", PASSWORD, "Server=db"),
    "ado_net": ("Password={};User Id=a", PASSWORD, "User Id=a"),
    "libpq": ("host=db password='a\\'b {}' dbname=x", PASSWORD, "dbname=x"),
    "literal": ("kubectl create --from-literal=db-password={} -n prod", PASSWORD, "-n prod"),
    "query_in_quotes": ('"GET /x?password={}" 200', PASSWORD, '" 200'),
    "link": ('<a href="/x?token={}">next</a>', TOKEN, '">next</a>'),
    "mongo": ("mongodb://u:a@b/c{}@h1:27017,h2:27017/db", PASSWORD, "@h1:27017,h2:27017/db"),
    "srv": (
        "mongodb+srv://app:a/b?c#d{}@c0.example.net/db?w=1",
        PASSWORD,
        "@c0.example.net/db?w=1",
    ),
    "json_url": ('{{"u":"https:\\/\\/u:a#{}@es:9200\\/"}}', PASSWORD, "@es:9200"),
    "url_in_url": ("u=https%3A%2F%2Fu%3Aa%23{}%40es%3A9200%2F", PASSWORD, "%40es%3A9200"),
    "clone": (
        "'https://oauth2:{}@git.example.com/a/b.git/': 403",
        TOKEN,
        "@git.example.com/a/b.git/",
    ),
    "key_user": ("https://api-key:{}@git.example.com/a.git", TOKEN, "@git.example.com/a.git"),
    "ora": ("ORA-01017: logon denied for hr/{}@PDB1", PASSWORD, "@PDB1"),
    "cx_oracle": ("cx_Oracle.connect('hr/{}@db:1521/svc')", PASSWORD, "@db:1521/svc"),
    "description": ("dsn hr/{}@(DESCRIPTION=(ADDRESS=(HOST=db)))", PASSWORD, "@(DESCRIPTION"),
    "at_in_oracle": ("jdbc:oracle:thin:hr/a@b{}@db:1521:X", PASSWORD, "@db:1521:X"),
    "escaped_hook": ("https:\\/\\/o.example.com\\/hooks\\/{}\\/", TOKEN, "o.example.com"),
    "encoded_hook": ("u=https%3A%2F%2Fo.example.com%2Fhooks%2F{}%2F", TOKEN, "o.example.com"),
    "spoken_key": ("pagerduty integration key {}", HEX, "integration key"),
    "was_changed": ("password was changed from 'old-Value1' to '{}'", PASSWORD, "was changed"),
    "changed_colon": ("DB_PASSWORD changed: old-Value1 → {}", PASSWORD, "changed"),
    "in_brackets": ("password (old: old-Value1, new: {})", PASSWORD, "old:"),
    "from_to": ('"token": {{"from": "old-Value1", "to": "{}"}}', PASSWORD, "from"),
    "code_arrow": ("token `old-Value1` -> `{}`", PASSWORD, "`"),
    "rotated": ("password rotated old-Value1 -> {}", PASSWORD, "rotated"),
    "chinese_change": ("令牌由 old-Value1 變更為 {}", PASSWORD, "變更為"),
    "chinese_beside": ("舊密碼 old-Value1，新密碼 {}", PASSWORD, "新密碼"),
    "chinese_brackets": ("管理員密碼「{}」", PASSWORD, "管理員密碼"),
    "japanese": ("パスワード：{}", PASSWORD, "パスワード"),
    "blanks_in_url": ("dial amqp://app:two words {}@mq-1:5672/vh", PASSWORD, "@mq-1:5672/vh"),
    "variable_in_quotes": ("podman run -e 'APP_SECRET=two words {}' web", PASSWORD, "web"),
    "letter_in_url": ("GET /a?p%61ssword={}&b=1", PASSWORD, "b=1"),
    "wide_letters": ("ｔｏｋｅｎ＝{} x", PASSWORD, "x"),
    "glued_in_list": ('["mysqldump","-p{}","shop"]', PASSWORD, "shop"),
    "glued_in_yaml": ("args: [mysql, -p{}, shop]", PASSWORD, "shop"),
    "bare_identified": ("ALTER USER shop IDENTIFIED BY {};", PASSWORD, "ALTER USER"),
    "dockerfile": ("ENV SHOP_PASSWORD {}", PASSWORD, "ENV"),
    "cell": ("| SHOP_PASSWORD | {} |", PASSWORD, "SHOP_PASSWORD"),
    "begins_with_quote": ('user=a password="H{{c\'L*VNz{}Q:3k{{"{{%8R host=b', PASSWORD, "host=b"),
    "jumbled_rest": ("password=xK9#m\\r{}%jC;o7Ha=4A,q host=b", PASSWORD, "host=b"),
    "keystore": ("keytool -list -storepass {} -keystore a.jks", PASSWORD, "a.jks"),
    "archive": ("7z x -p{} a.7z", PASSWORD, "a.7z"),
    "session_in_words": ("Session ID: {}", TOKEN, "Session ID"),
    "drupal": ("SSESS0123abcd={}; x", TOKEN, "SSESS0123abcd"),
}
ALL = {
    f"{group}-{name}": case
    for group, cases in [
        ("name", ENCODED_NAMES), ("cut", CUT_VALUES), ("value", ODD_VALUES), ("url", URLS),
        ("oracle", ORACLE), ("hook", HOOKS), ("change", CHANGES), ("session", SESSIONS),
        ("mail", MAIL), ("more", MORE),
    ]
    for name, case in cases.items()
}  # fmt: skip

REFERENCES = [
    "self.password = password",
    "let token = user_token",
    "connect(user=user, password=password)",
    "if password != expected:",
    "psql postgres://app@db-0:5432/shop and mail",
    "| password | orders-db-1 |",
    "identified by name",
    "Oracle/19c listener on db:1521/ORCL",
    "kafka://b1:9092,b2:9092/topic@group",
    "金鑰由 KMS 管理",
    "secretKey: username",
    "DB_PASSWORD: ${{ secrets.DB_PASSWORD }}",
    "secretKey: password",
    "--set auth.existingSecret=redis-auth",
    "Password: !Sub '{{resolve:secretsmanager:orders:SecretString:password}}'",
    "token -> parser",
    "connect orders/api@main",
    "rman target /",
    "http://cache:6379/x@y",
    "hdfs://name-node:8020/user/me@corp",
    "git clone git@github.com:acme/app.git",
    "routing_key='orders.#'",
    "GET /webhooks/123456 200",
    "token: null -> null",
    "- secretKey: orders-db-password\n  remoteRef:\n    key: prod/db\n    property: password",
    "secretName: orders-db-credentials",
    "valueFrom:\n  secretKeyRef:\n    name: orders-db\n    key: password",
    "passwordSecret: {name: orders-db, key: password}",
    "passwordSecretRef:\n  name: grafana-admin\n  key: admin-password",
    "existingSecret: orders-db-auth",
    "existingSecretPasswordKey: redis-password",
    "auth:\n  existingSecret: pg-auth\n  secretKeys:\n    adminPasswordKey: postgres-password",
    "password: vault:secret/data/orders#password",
    "password: ${DB_PASSWORD}",
    "password=$DB_PASSWORD ./migrate",
    "password: $(cat /run/secrets/db)",
    "password=`cat /run/secrets/db`",
    "password: {{ .Values.db.password }}",
    'password: "{{ .Values.db.password | quote }}"',
    'password = os.environ["DB_PASSWORD"]',
    "password = os.getenv('DB_PASSWORD')",
    "password: !vault |",
    "token: <your-token-here>",
    'password = "${var.db_password}"',
    "password = var.db_password",
    "password = data.aws_secretsmanager_secret_version.db.secret_string",
    "password = random_password.db.result",
    "password: ENC[AES256_GCM]",
    "String password = getPassword();",
    'password = config.get("db.password")',
    "password = self._read_password(path)",
    "routing_key: orders.created",
    "routing_key=orders.created queue=billing",
    "secretKeyRef: orders-db-password",
    "password: op://prod/orders-db/password",
    "api_key: ssm:/prod/orders/api-key",
    "clientSecret: $dex.oidc.clientSecret",
    "git clone https://git.example.com/acme/app.git",
    "imagePullSecrets:\n- name: regcred",
    "tls.key: /etc/tls/tls.key",
    "passwordFrom: env:DB_PASSWORD",
    "kubectl create secret generic orders-db --from-file=./db.txt",
    "session: closed",
    "session_id: 42",
    "sid=12 user=joe",
    "changed password policy from weak to strong",
    "token changed from valid to expired",
    "see docs/ops@v2 and orders/api@sha256",
    "deploy orders/api@main",
    "https://oncall.example.com/integrations/v1/alertmanager/",
    "GET /hooks/post-receive",
]


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_no_part_of_a_secret_stays(case: tuple[str, str, str]) -> None:
    """Six characters in a row are enough to recognize a secret; what is around it stays."""
    form, secret, kept = case
    text = form.format(secret)
    clean = sanitize_text(text)
    parts = [secret[at : at + 6] for at in range(len(secret) - 5)]
    assert [part for part in parts if part in clean] == [], clean
    assert kept in clean or kept == "x", clean


@pytest.mark.parametrize("text", REFERENCES)
def test_a_reference_stays(text: str) -> None:
    """A name, a path or a template is evidence, and opens nothing."""
    assert sanitize_text(text) == text


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ({"password": {"old": "x9-abcdef", "new": PASSWORD}}, PASSWORD),
        ({"field": "password", "from": "x9-abcdef", "to": PASSWORD}, PASSWORD),
        ({"user%5Bpassword%5D": PASSWORD}, PASSWORD),
        ({"access_token[]": TOKEN}, TOKEN),
        ({"password": ["a", PASSWORD]}, PASSWORD),
        ({"password": DOLLAR}, DOLLAR),
        ({"args": ["--password", PASSWORD]}, PASSWORD),
        ({"routing_key": HEX}, HEX),
        ({"cookies": {"JSESSIONID": TOKEN}}, TOKEN),
        ({"session": {"id": TOKEN}}, TOKEN),
        ({"cmd": ["mysql", "-uroot", f"-p{PASSWORD}"]}, PASSWORD),
        ({"cmd": ["redis-cli", "-a", PASSWORD]}, PASSWORD),
        ({"cmd": ["curl", "-u", f"app:{PASSWORD}"]}, PASSWORD),
        ({"Env": [f"SHOP_PASSWORD=two words {PASSWORD}"]}, PASSWORD),
        ({"rows": [["SHOP_PASSWORD", PASSWORD]]}, PASSWORD),
        ({"ParameterKey": "ShopPassword", "ParameterValue": PASSWORD}, PASSWORD),
        ({"key": "shop.password", "value": {"stringValue": PASSWORD}}, PASSWORD),
    ],
)
def test_a_key_marks_its_value_in_json_too(value: Any, secret: str) -> None:
    sanitizer = IncidentSanitizer()
    assert secret[4:] not in json.dumps(sanitizer.sweep(sanitizer.value(value)))


@pytest.mark.parametrize(
    "value",
    [
        {"secretKey": "orders-db-password", "remoteRef": {"key": "prod/orders/db"}},
        {"password": {"secretKeyRef": {"name": "orders-db", "key": "password"}}},
        {"args": ["--password", "--verbose"]},
        {"cmd": ["mysql", "-p", "orders"]},
        {"columns": ["password", "created2"], "ports": ["-p", "8080:80"]},
        {"Env": ["SHOP_PASSWORD=${FROM_VAULT}"], "session": {"id": 42}},
        {"password": "${DB_PASSWORD}"},
    ],
)
def test_a_reference_in_json_stays(value: Any) -> None:
    assert IncidentSanitizer().value(value) == value


def test_both_engines_and_a_second_pass_agree_on_every_spelling() -> None:
    """Nothing strict is left for the gate either."""
    for form, secret, _ in ALL.values():
        text = form.format(secret)
        data, clean = text.encode(), sanitize_text(text)
        assert shipped().spans(data, "re2") == shipped().spans(data, "re"), text
        assert sanitize_text(clean) == clean
        assert strict_findings(clean) == []

"""What platforms say of themselves, in Indonesian.

Collectors say it once, in English, for the command line and the API; here each sentence has its counterpart, which a
test compares with what the shipped platforms say. A plug-in's own words are shown as they are.
"""

from __future__ import annotations

from triage_api.web import languages

_INDONESIAN = {
    # --- all platforms
    "Another address in place of the platform's own (a gateway, a test server); empty for the usual one.": (
        "Alamat lain sebagai pengganti alamat platform (gerbang, server uji); kosongkan untuk yang biasa."
    ),
    # --- Meta
    "On developers.facebook.com create an app of type Business, and let the agency's business be verified.": (
        "Di developers.facebook.com buat aplikasi berjenis Business, dan mintakan verifikasi bisnis instansi."
    ),
    "In App Review ask for pages_show_list, pages_read_engagement and pages_read_user_content,": (
        "Di App Review mintakan pages_show_list, pages_read_engagement, dan pages_read_user_content,"
    ),
    "for webhooks also pages_manage_metadata, to answer also pages_manage_engagement.": (
        "untuk webhook juga pages_manage_metadata, untuk membalas juga pages_manage_engagement."
    ),
    "In Business settings make a system user with content and moderation on the Page, and a token without end.": (
        "Di Business settings buat pengguna sistem berhak konten dan moderasi atas Halaman, serta token tanpa batas."
    ),
    "With it ask GET /me/accounts: there stands the Page's own token.": (
        "Dengan token itu panggil GET /me/accounts: di sana ada token milik Halaman."
    ),
    "Copy that token and, from the app's basic settings, the app secret.": (
        "Salin token itu dan, dari pengaturan dasar aplikasi, rahasia aplikasinya."
    ),
    "the Page's access token": "token akses Halaman",
    "the app secret: signs our calls, and proves webhooks": (
        "rahasia aplikasi: menandatangani panggilan kita dan membuktikan webhook"
    ),
    "a word of your own that Meta repeats to set webhooks up": (
        "kata pilihan Anda yang diulang Meta ketika webhook dipasang"
    ),
    "Make the agency's Instagram account a professional one and link it to the agency's Facebook Page.": (
        "Jadikan akun Instagram instansi akun profesional, dan tautkan ke Halaman Facebook instansi."
    ),
    "In App Review ask for instagram_basic, instagram_manage_comments, pages_show_list, pages_read_engagement,": (
        "Di App Review mintakan instagram_basic, instagram_manage_comments, pages_show_list, pages_read_engagement,"
    ),
    "and for webhooks also pages_manage_metadata.": "dan untuk webhook juga pages_manage_metadata.",
    "In Business settings make a system user with a role on Page and account, and a token without end.": (
        "Di Business settings buat pengguna sistem dengan peran atas Halaman dan akun, serta token tanpa batas."
    ),
    "With it ask GET /me/accounts?fields=instagram_business_account: there stands the account's id.": (
        "Dengan token itu panggil GET /me/accounts?fields=instagram_business_account: di sana ada id akunnya."
    ),
    "Copy the token, that id and, from the app's basic settings, the app secret.": (
        "Salin token, id itu, dan, dari pengaturan dasar aplikasi, rahasia aplikasinya."
    ),
    "the access token": "token akses",
    "the id of the Instagram account, a long number": "id akun Instagram, angka yang panjang",
    "On developers.facebook.com create an app with the use case 'Access the Threads API'.": (
        "Di developers.facebook.com buat aplikasi dengan kegunaan 'Access the Threads API'."
    ),
    "In App Review ask for threads_basic, threads_read_replies, threads_manage_mentions,": (
        "Di App Review mintakan threads_basic, threads_read_replies, threads_manage_mentions,"
    ),
    "threads_keyword_search (before it is approved a search finds our own posts alone)": (
        "threads_keyword_search (sebelum disetujui, pencarian hanya menemukan unggahan kita sendiri)"
    ),
    "and, to answer, threads_content_publish and threads_manage_replies.": (
        "dan, untuk membalas, threads_content_publish serta threads_manage_replies."
    ),
    "Let the agency's account accept the invitation as a tester, or sign in through the app.": (
        "Terima undangan sebagai penguji dengan akun instansi, atau masuk melalui aplikasi itu."
    ),
    "Make a long-lived token; Sahut renews it while it is used at least every month.": (
        "Buat token berumur panjang; Sahut memperbaruinya selama dipakai sedikitnya sebulan sekali."
    ),
    "the long-lived access token": "token akses berumur panjang",
    # --- webhook
    "Follow it with an address of your own choice, a word for the system that delivers.": (
        "Ikuti dengan alamat pilihan sendiri, yaitu satu kata untuk sistem yang mengirim."
    ),
    "Give that system the secret, and the address /api/v1/hooks/ with the source's number.": (
        "Berikan rahasianya kepada sistem itu, beserta alamat /api/v1/hooks/ diikuti nomor sumbernya."
    ),
    "It signs each delivery with HMAC-SHA256: docs/platforms/webhook.md says over what.": (
        "Sistem itu menandatangani tiap kiriman dengan HMAC-SHA256: docs/platforms/webhook.md menyebut atas apa."
    ),
    "what the other system signs with": "kunci yang dipakai sistem lain untuk menandatangani",
    # --- X
    "Sign in on console.x.com with the agency's account, accept the terms and say what the data is for.": (
        "Masuk ke console.x.com dengan akun instansi, setujui ketentuannya, dan sebutkan kegunaan datanya."
    ),
    "Create a project and an app in it. Buy credits (pay per use) and set a spending limit there too.": (
        "Buat proyek dan aplikasi di dalamnya. Beli kredit (bayar per pakai), dan tetapkan batas belanja di sana juga."
    ),
    "Leave automatic recharge off until you know what a month costs.": (
        "Biarkan isi ulang otomatis mati sampai Anda tahu biaya sebulan."
    ),
    "To answer through Sahut, choose 'Read and write' under 'User authentication settings'.": (
        "Untuk membalas lewat Sahut, pilih 'Read and write' di 'User authentication settings'."
    ),
    "Under 'Keys and tokens' make the access token and secret, signed in as the account that answers.": (
        "Di 'Keys and tokens' buat access token beserta rahasianya, sambil masuk sebagai akun yang membalas."
    ),
    "Copy the bearer token, and for answers the four user keys; name your accounts, the one that answers first.": (
        "Salin bearer token, dan untuk membalas keempat kunci pengguna; sebutkan akun Anda, yang membalas lebih dahulu."
    ),
    "Give the credential a budget in USD, for a day and for a month.": (
        "Beri kredensialnya anggaran dalam US$, untuk sehari dan untuk sebulan."
    ),
    "To answer posts that do not name your account, ask X for a Public Utility app; until then those go by hand.": (
        "Untuk membalas unggahan yang tidak menyebut akun Anda, mintakan aplikasi Public Utility kepada X; "
        "sebelum itu, balasannya dikirim sendiri."
    ),
    "There choose 'Web App', with this board's /credentials/callback as callback; copy client ID and secret.": (
        "Di sana pilih 'Web App', dengan /credentials/callback papan ini sebagai callback; salin client ID dan secret."
    ),
    "Keep the credential with these, then sign in on its page as the account that answers. That is all; or else:": (
        "Simpan kredensial dengan keduanya, lalu masuk di halamannya sebagai akun yang membalas. Itu saja; atau:"
    ),
    "Bearer token of the app (console.x.com, Keys and tokens); not needed where you sign in by a browser": (
        "Bearer token aplikasi (console.x.com, Keys and tokens); tidak perlu bila masuk lewat peramban"
    ),
    "OAuth 2.0 client ID of the app, to sign in by a browser instead of copying the account's keys": (
        "Client ID OAuth 2.0 aplikasi, untuk masuk lewat peramban sebagai ganti menyalin kunci akun"
    ),
    "OAuth 2.0 client secret; only of a confidential client": (
        "Client secret OAuth 2.0; hanya untuk klien rahasia (confidential client)"
    ),
    "Handles of your own accounts, with commas between; the first is the one that answers": (
        "Nama akun Anda sendiri, dipisah koma; yang pertama adalah yang membalas"
    ),
    "API key (consumer key) of the app; only for answers": "API key (consumer key) aplikasi; hanya untuk membalas",
    "API key secret; only for answers": "API key secret; hanya untuk membalas",
    "Access token of the account that answers; only for answers": (
        "Access token akun yang membalas; hanya untuk membalas"
    ),
    "Access token secret; only for answers": "Access token secret; hanya untuk membalas",
    "'yes' where X has exempted the app (Enterprise, Public Utility): it may answer posts that do not mention you": (
        "'yes' bila X mengecualikan aplikasinya (Enterprise, Public Utility): boleh membalas yang tidak menyebut Anda"
    ),
    # --- Reddit
    "Ask for leave (Responsible Builder Policy), weeks ahead: https://support.reddithelp.com/hc/requests/new.": (
        "Mintakan izin (Responsible Builder Policy), berminggu-minggu di muka: "
        "https://support.reddithelp.com/hc/requests/new."
    ),
    "Make an account for the agency on reddit.com, and confirm its e-mail address.": (
        "Buat akun instansi di reddit.com, dan konfirmasi alamat surelnya."
    ),
    "With it, at https://www.reddit.com/prefs/apps: 'create another app', 'script', http://localhost:8080.": (
        "Dengan akun itu, di https://www.reddit.com/prefs/apps: 'create another app', 'script', http://localhost:8080."
    ),
    "Copy the id below the app's name, and its secret.": "Salin id di bawah nama aplikasi, beserta rahasianya.",
    "To answer and to read mentions, give the account's name too, with its password or a refresh token.": (
        "Untuk membalas dan membaca sebutan, isi juga nama akunnya, dengan kata sandi atau refresh token."
    ),
    "A refresh token needs the scopes identity, read, privatemessages, submit and history.": (
        "Refresh token memerlukan cakupan identity, read, privatemessages, submit, dan history."
    ),
    "the id of the app: the letters below its name": "id aplikasi: huruf-huruf di bawah namanya",
    "the secret of the app": "rahasia aplikasi",
    "the account's name, without u/; leave it out to read only": "nama akun, tanpa u/; kosongkan bila hanya membaca",
    "the account's password, where it has no second factor": "kata sandi akun, bila tanpa faktor kedua",
    "a refresh token, in place of the password": "refresh token, sebagai pengganti kata sandi",
    # --- Mastodon
    "Make an account for the agency on a Mastodon server, and confirm its e-mail address.": (
        "Buat akun instansi di sebuah server Mastodon, dan konfirmasi alamat surelnya."
    ),
    "There, under Preferences > Development, choose 'New application' and give it a name.": (
        "Di sana, di Preferences > Development, pilih 'New application' dan beri nama."
    ),
    "Leave only the scopes read and write:statuses (read alone, where nothing is to be answered), and submit.": (
        "Sisakan hanya cakupan read dan write:statuses (read saja bila tidak akan membalas), lalu kirim."
    ),
    "Open the application and copy 'Your access token'. It does not run out.": (
        "Buka aplikasi itu dan salin 'Your access token'. Token ini tidak kedaluwarsa."
    ),
    "For search, the server needs full-text search; most large ones have it.": (
        "Untuk pencarian, servernya perlu pencarian teks penuh; kebanyakan server besar memilikinya."
    ),
    "the server's address, such as https://mastodon.social": "alamat server, misalnya https://mastodon.social",
    "'Your access token', on the application's page": "'Your access token', di halaman aplikasi itu",
    # --- Bluesky
    "Make an account for the agency on bsky.app, and confirm its e-mail address.": (
        "Buat akun instansi di bsky.app, dan konfirmasi alamat surelnya."
    ),
    "Under Settings > Privacy and security > App passwords, add one and copy it.": (
        "Di Settings > Privacy and security > App passwords, tambahkan satu dan salin."
    ),
    "Never use the account's own password here: an app password can be taken back by itself.": (
        "Jangan memakai kata sandi akun di sini: kata sandi aplikasi dapat dicabut tersendiri."
    ),
    "the account's handle, such as dinas.bsky.social": "nama akun, misalnya dinas.bsky.social",
    "the app password, four groups of four letters": "kata sandi aplikasi, empat kelompok berisi empat huruf",
    "the address of the account's own server, where that is not Bluesky's (https://bsky.social)": (
        "alamat server akun itu, bila bukan milik Bluesky (https://bsky.social)"
    ),
    # --- Telegram
    "In Telegram, write /newbot to @BotFather, and choose a name and a user name for the agency's bot.": (
        "Di Telegram, kirim /newbot kepada @BotFather, lalu pilih nama dan nama pengguna untuk bot instansi."
    ),
    "Write /setprivacy to @BotFather, choose the bot, then 'Disable': else it sees only commands in groups.": (
        "Kirim /setprivacy kepada @BotFather, pilih botnya, lalu 'Disable': jika tidak, ia hanya melihat perintah."
    ),
    "Add the bot to each group that it shall read; if it was there before the last step, take it out first.": (
        "Masukkan bot ke tiap grup yang akan dibaca; bila sudah ada sebelum langkah tadi, keluarkan dahulu."
    ),
    "For a channel, add the bot as an administrator without rights.": (
        "Untuk kanal, tambahkan bot sebagai administrator tanpa hak apa pun."
    ),
    "Copy the token that @BotFather gave. No other program may read with it.": (
        "Salin token yang diberikan @BotFather. Program lain tidak boleh membaca dengan token itu."
    ),
    "the bot's token, as 12345:letters, from @BotFather": "token bot, berbentuk 12345:huruf, dari @BotFather",
    # --- YouTube
    "At https://console.cloud.google.com make a project, and enable 'YouTube Data API v3' in its library.": (
        "Di https://console.cloud.google.com buat proyek, dan aktifkan 'YouTube Data API v3' di pustakanya."
    ),
    "Under 'Credentials' create an API key, and restrict it to that interface.": (
        "Di 'Credentials' buat API key, dan batasi hanya untuk antarmuka itu."
    ),
    "Copy the channel's id from https://www.youtube.com/account_advanced (it begins with UC).": (
        "Salin id kanal dari https://www.youtube.com/account_advanced (diawali UC)."
    ),
    "To answer: set up the consent screen (user type Internal, or External and published),": (
        "Untuk membalas: siapkan layar persetujuan (jenis pengguna Internal, atau External yang diterbitkan),"
    ),
    "and create an OAuth client of type 'Web application' that may return to the OAuth playground.": (
        "dan buat klien OAuth berjenis 'Web application' yang boleh kembali ke OAuth playground."
    ),
    "At https://developers.google.com/oauthplayground, with your own client set, sign in as the channel's": (
        "Di https://developers.google.com/oauthplayground, dengan klien Anda sendiri, masuk sebagai akun"
    ),
    "account for https://www.googleapis.com/auth/youtube.force-ssl, and copy the refresh token.": (
        "kanal itu untuk https://www.googleapis.com/auth/youtube.force-ssl, dan salin refresh token."
    ),
    "Give the credential a budget of 10,000 units and 100 searches a day, Google's usual quota.": (
        "Beri kredensialnya anggaran 10.000 unit dan 100 pencarian sehari, kuota Google yang biasa."
    ),
    "the API key": "API key",
    "the id of our channel, UC…": "id kanal kita, UC…",
    "the OAuth client's id, to answer": "id klien OAuth, untuk membalas",
    "the OAuth client's secret, to answer": "rahasia klien OAuth, untuk membalas",
    "the refresh token of the channel's account, to answer": "refresh token akun kanal, untuk membalas",
    # --- Google Play
    "At https://console.cloud.google.com make a project, and enable 'Google Play Android Developer API'.": (
        "Di https://console.cloud.google.com buat proyek, dan aktifkan 'Google Play Android Developer API'."
    ),
    "There, under 'IAM and administration', make a service account without roles, and a key for it (JSON).": (
        "Di sana, di 'IAM and administration', buat akun layanan tanpa peran, beserta kuncinya (JSON)."
    ),
    "In https://play.google.com/console, under 'Users and permissions', invite the service account's address.": (
        "Di https://play.google.com/console, di 'Users and permissions', undang alamat akun layanan itu."
    ),
    "Give it for the app 'View app information (read-only)' and 'Reply to reviews'. It may take a day.": (
        "Beri hak 'View app information (read-only)' dan 'Reply to reviews' atas aplikasinya. Bisa perlu sehari."
    ),
    "the whole JSON file with the service account's key": "seluruh isi berkas JSON berisi kunci akun layanan",
    # --- e-mail
    "Let the mailbox's administrator allow IMAP for it.": "Minta pengelola surel mengizinkan IMAP untuk kotak itu.",
    "Where the provider wants it (Google, Yahoo, Zimbra with a second factor), make a password for apps.": (
        "Bila diminta penyedianya (Google, Yahoo, Zimbra dengan faktor kedua), buat kata sandi aplikasi."
    ),
    "Let complaints that come to other addresses be forwarded or moved into one folder.": (
        "Atur agar pengaduan ke alamat lain diteruskan atau dipindahkan ke satu folder."
    ),
    "the IMAP server, as in imap.kota.go.id": "server IMAP, misalnya imap.kota.go.id",
    "its port; 993 unless told": "porta; 993 bila dikosongkan",
    "tls (usual), starttls or none": "tls (biasa), starttls, atau none",
    "the mailbox's user, often its address": "pengguna kotak surat, sering kali alamatnya",
    "its password, or one for apps": "kata sandinya, atau kata sandi aplikasi",
    "the agency's own addresses, with commas between: what they send opens no case": (
        "alamat milik instansi, dipisah koma: kiriman dari sana tidak membuka kasus"
    ),
    # --- what is filled in to follow a place
    "a feed of news": "umpan berita",
    "the feed's address (RSS, Atom, JSON Feed)": "alamat umpan (RSS, Atom, JSON Feed)",
    "The address of a news page will do too: its feed is looked for when it is tried out.": (
        "Alamat halaman berita juga boleh: umpannya dicarikan saat diuji."
    ),
    "also read the comments below the articles": "baca juga komentar di bawah artikelnya",
    "Only where the feed names a feed of comments for each article.": (
        "Hanya bila umpannya menyebut umpan komentar bagi setiap artikel."
    ),
    "how two items are told apart": "cara membedakan dua butir",
    "Leave it as it is, unless articles come twice or new ones do not come.": (
        "Biarkan saja, kecuali ada artikel yang masuk dua kali atau yang baru tidak masuk."
    ),
    "found out by itself": "dicari sendiri",
    "by the feed's own ids": "menurut id dari umpannya",
    "by their links": "menurut tautannya",
    "by title and date": "menurut judul dan tanggal",
    "by what they say": "menurut isinya",
    "how many days back the first reading goes": "pembacaan pertama mundur berapa hari",
    "posts with a hashtag": "kiriman dengan sebuah tagar",
    "the hashtag": "tagarnya",
    "posts that mention our account, and answers to it": "kiriman yang menyebut akun kita, dan balasan kepadanya",
    "what an account posts": "kiriman sebuah akun",
    "the account's name": "nama akunnya",
    "the server's search": "pencarian di servernya",
    "Bluesky's search": "pencarian Bluesky",
    "posts that name, answer or quote our account": "kiriman yang menyebut, membalas, atau mengutip akun kita",
    "new posts of a subreddit": "kiriman baru di sebuah subreddit",
    "new comments of a subreddit": "komentar baru di sebuah subreddit",
    "the subreddit; several with + between": "nama subreddit; beberapa dipisah +",
    "a search in a subreddit": "pencarian di sebuah subreddit",
    "a search in all of Reddit": "pencarian di seluruh Reddit",
    "mentions of our account, and answers to it": "sebutan akun kita, dan balasan kepadanya",
    "only mentions of our account": "hanya sebutan akun kita",
    "posts that name our account": "kiriman yang menyebut akun kita",
    "posts that name another account": "kiriman yang menyebut akun lain",
    "X's search of the last seven days": "pencarian X atas tujuh hari terakhir",
    "answers below one post": "balasan di bawah satu kiriman",
    "the post's number, or its address": "nomor kirimannya, atau alamatnya",
    "Empty: one day for a search, seven for the others. X holds no more than seven.": (
        "Kosong: sehari untuk pencarian, tujuh hari untuk yang lain. X tidak menyimpan lebih dari tujuh hari."
    ),
    "comments below all videos of our channel": "komentar di semua video kanal kita",
    "comments below one video": "komentar di satu video",
    "the video's id": "id videonya",
    "The eleven signs after v= in the video's address.": "Sebelas huruf setelah v= dalam alamat videonya.",
    "videos that YouTube's search finds": "video yang ditemukan pencarian YouTube",
    "comments below all videos of another channel": "komentar di semua video kanal lain",
    "the channel's id": "id kanalnya",
    "It begins with UC, and stands in the channel's address.": "Diawali UC, dan ada dalam alamat kanalnya.",
    "for how many days new comments are looked for": "komentar baru dicari selama berapa hari",
    "reviews of our app": "ulasan aplikasi kita",
    "the app's package name, or its page in the store": "nama paket aplikasinya, atau halamannya di toko",
    "the mailbox's inbox": "kotak masuk",
    "a folder of the mailbox": "sebuah folder",
    "the folder's name": "nama foldernya",
    "also read what comes through mailing lists": "baca juga kiriman lewat milis",
    "Many agencies' group addresses are lists.": "Alamat bersama di banyak instansi adalah milis.",
    "what is written to our bot, and in its groups and channels": "pesan kepada bot kita, dan di grup serta kanalnya",
    "what another system delivers": "kiriman dari sistem lain",
    "a word of your own for the system that delivers": "sebutan Anda sendiri untuk sistem pengirimnya",
    "what is read there": "yang dibaca di sana",
    "both": "keduanya",
    "only comments on our posts": "hanya komentar di kiriman kita",
    "only answers to our posts": "hanya balasan atas kiriman kita",
    "only posts that tag our Page": "hanya kiriman yang menandai Halaman kita",
    "only posts that tag our account": "hanya kiriman yang menandai akun kita",
    "only posts that mention us": "hanya kiriman yang menyebut kita",
    "our Page": "Halaman kita",
    "another Page": "Halaman lain",
    "the Page's number": "nomor Halamannya",
    "Another's only with the leave 'Page Public Content Access' of Meta.": (
        "Halaman pihak lain hanya dengan izin 'Page Public Content Access' dari Meta."
    ),
    "our account": "akun kita",
    "answers to our posts, and posts that mention us": "balasan atas kiriman kita, dan kiriman yang menyebut kita",
    "public posts with some words": "kiriman publik dengan kata tertentu",
    "the words to look for": "kata yang dicari",
    "public posts with a topic": "kiriman publik dengan sebuah topik",
    "the topic": "topiknya",
    "another place, by its address": "tempat lain, menurut alamatnya",
    "the address, as the platform's page in docs/platforms says": (
        "alamatnya, seperti kata halaman platform itu di docs/platforms"
    ),
}


def said(words: str) -> str:
    """What a platform says, in the reader's language; as it is where nobody has put it into Indonesian."""
    return words if languages.current() != languages.SOURCE else _INDONESIAN.get(words, words)


def is_known(words: str) -> bool:
    """Whether it has a counterpart in Indonesian: else it is shown as English."""
    return words in _INDONESIAN


def titled(words: str) -> str:
    """`said`, with a capital letter: the name of a field."""
    shown = said(words)
    return shown[:1].upper() + shown[1:]

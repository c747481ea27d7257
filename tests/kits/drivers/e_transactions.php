<?php
// The algorithm that the manuals of Paybox print, in PHP's own words: hash_hmac over the form, openssl_verify over what urlencode makes
// of the answer. A shop written by the manual.

function sealed(array $told): array
{
    $message = [];
    foreach ($told['fields'] as $name => $value) {
        $message[] = $name . '=' . $value;
    }
    $key = pack('H*', $told['key']);
    return $told['fields'] + ['PBX_HMAC' => strtoupper(hash_hmac('sha512', implode('&', $message), $key))];
}

// Decodes the answer and encodes it again, as shops do that read $_GET or $_POST.
function verified(array $told): array
{
    parse_str($told['line'], $fields);
    $signature = base64_decode(array_pop($fields));
    $signed = [];
    foreach ($fields as $name => $value) {
        $signed[] = $name . '=' . urlencode($value);
    }
    $good = openssl_verify(implode('&', $signed), $signature, openssl_pkey_get_public($told['key']));
    return ['good' => $good === 1, 'fields' => $fields];
}

// Takes the line as it came, up to its last ampersand.
function verified_raw(array $told): array
{
    $last = strrpos($told['line'], '&');
    $signature = base64_decode(urldecode(substr($told['line'], strpos($told['line'], '=', $last) + 1)));
    $good = openssl_verify(substr($told['line'], 0, $last), $signature, openssl_pkey_get_public($told['key']));
    return ['good' => $good === 1];
}

while (($line = fgets(STDIN)) !== false) {
    $told = json_decode($line, true);
    $does = ['form' => 'sealed', 'verify' => 'verified', 'verify-raw' => 'verified_raw'];
    echo json_encode($does[$told['do']]($told)), "\n";
}

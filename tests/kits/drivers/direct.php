<?php
// RemoteMPI and the Direct gateway by the manual: the shop's server verifies Check on either way, and asks PPPS.php.

// URLHttpDirect brings each value encoded once; the browser brings each value, Check too, encoded once more.
function checked(array $told): array
{
    $line = $told['line'];
    if ($told['from'] === 'browser') {
        $line = implode('&', array_map(fn ($name, $value) => "$name=$value", array_keys($told['fields']), $told['fields']));
    }
    $at = strpos($line, '&Check=');
    $signature = base64_decode(rawurldecode(substr($line, $at + 7)));
    $good = openssl_verify(substr($line, 0, $at), $signature, openssl_pkey_get_public($told['key']));
    $fields = [];
    foreach (explode('&', substr($line, 0, $at)) as $pair) {
        [$name, $value] = explode('=', $pair, 2);
        $fields[$name] = iconv('ISO-8859-1', 'UTF-8', rawurldecode($value));
    }
    $through = $good === 1 && $fields['3DSTATUS'] === 'Y' && $fields['3DSIGNVAL'] === 'Y' && $fields['3DENROLLED'] === 'Y'
        && $fields['3DERROR'] === '0';
    return ['good' => $good === 1, 'authenticated' => $through, 'fields' => $fields];
}

function asked(array $told): array
{
    $options = ['http' => ['method' => 'POST', 'header' => 'Content-Type: application/x-www-form-urlencoded',
        'content' => http_build_query($told['fields'])]];
    $answer = [];
    foreach (explode('&', file_get_contents($told['url'], false, stream_context_create($options))) as $element) {
        [$name, $value] = explode('=', $element);
        $answer[$name] = iconv('ISO-8859-1', 'UTF-8', trim($value));
    }
    return $answer;
}

while (($line = fgets(STDIN)) !== false) {
    $told = json_decode($line, true);
    echo json_encode(['check' => 'checked', 'ask' => 'asked'][$told['do']]($told)), "\n";
}

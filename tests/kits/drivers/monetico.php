<?php
// The algorithm that Monetico's manual prints, in PHP's own words, and the one of the years of 1.0.2. A shop written by the manual: it
// seals and verifies the fields that it knows, and no others.

const KNOWN = ['TPE', 'authentification', 'bincb', 'brand', 'cbmasquee', 'code-retour', 'cvx', 'date', 'ecard', 'hpancb', 'ipclient',
    'modepaiement', 'montant', 'motifrefus', 'motifrefusautorisation', 'numauto', 'originecb', 'originetr', 'reference', 'texte-libre',
    'typecompte', 'usage', 'vld'];
const OLD_FORM = ['TPE', 'date', 'montant', 'reference', 'texte-libre', 'version', 'lgue', 'societe', 'mail', 'nbrech', 'dateech1',
    'montantech1', 'dateech2', 'montantech2', 'dateech3', 'montantech3', 'dateech4', 'montantech4', 'options'];
const OLD_ANSWER = ['date', 'montant', 'reference', 'texte-libre', 'version', 'code-retour', 'cvx', 'vld', 'brand', 'status3ds', 'numauto',
    'motifrefus', 'originecb', 'bincb', 'hpancb', 'ipclient', 'originetr', 'veres', 'pares'];

function usable_key(string $printed): string
{
    $head = substr($printed, 0, 38);
    $first = ord($printed[38]);
    if ($first > 70 && $first < 97) {
        return pack('H*', $head . chr($first - 23) . $printed[39]);
    }
    return pack('H*', $head . ($printed[39] === 'M' ? $printed[38] . '0' : substr($printed, 38)));
}

function seal(array $fields, string $key): string
{
    ksort($fields);
    $pairs = [];
    foreach ($fields as $name => $value) {
        $pairs[] = $name . '=' . $value;
    }
    return strtoupper(hash_hmac('sha1', implode('*', $pairs), usable_key($key)));
}

function sealed(array $told): array
{
    $fields = $told['fields'];
    if (array_key_exists('context', $told)) {
        $fields['contexte_commande'] = base64_encode(json_encode($told['context']));
    }
    if (($told['charset'] ?? '') === 'ISO-8859-1') {
        $bytes = array_map(fn ($value) => iconv('UTF-8', 'ISO-8859-1', $value), $fields);
        return $fields + ['MAC' => seal($bytes, $told['key'])];
    }
    return $fields + ['MAC' => seal($fields, $told['key'])];
}

function old_form(array $told): array
{
    $values = array_map(fn ($name) => $told['fields'][$name] ?? '', OLD_FORM);
    return $told['fields'] + ['MAC' => strtoupper(hash_hmac('sha1', implode('*', $values), usable_key($told['key'])))];
}

function verified(array $told): array
{
    parse_str($told['line'], $fields);
    $known = array_intersect_key($fields, array_flip(KNOWN));
    $good = hash_equals(seal($known, $told['key']), strtoupper($fields['MAC']));
    $text = array_map(fn ($value) => mb_string($value), $fields);
    return ['good' => $good, 'reply' => "version=2\ncdr=" . ($good ? '0' : '1') . "\n", 'fields' => $text,
        'authentification' => json_decode(base64_decode($fields['authentification']), true)];
}

// What JSON can carry.
function mb_string(string $value): string
{
    return preg_match('//u', $value) ? $value : iconv('ISO-8859-1', 'UTF-8', $value);
}

function old_answer(array $told): array
{
    parse_str($told['line'], $fields);
    $fields['version'] = '3.0';
    $chain = $fields['TPE'] . '*';
    foreach (OLD_ANSWER as $name) {
        $chain .= ($fields[$name] ?? '') . '*';
    }
    $good = hash_equals(strtoupper(hash_hmac('sha1', $chain, usable_key($told['key']))), strtoupper($fields['MAC']));
    return ['good' => $good, 'reply' => "version=2\ncdr=" . ($good ? '0' : "1\n" . $chain), 'fields' => $fields];
}

while (($line = fgets(STDIN)) !== false) {
    $told = json_decode($line, true);
    $does = ['form' => 'sealed', 'verify' => 'verified', 'old-form' => 'old_form', 'old-verify' => 'old_answer'];
    echo json_encode($does[$told['do']]($told)), "\n";
}

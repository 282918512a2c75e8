// A code read aloud, character by character, with the words that the language uses on the telephone.

/** `words`: one for each letter of the code's alphabet, parted by spaces, each beginning with its letter (accents apart). */
export function spell(
  group: string, words: string, say: { digit: (digit: string) => string; letter: (letter: string, word: string) => string },
): string {
  const word_of = new Map(words.split(" ").map((word) => [word.normalize("NFD")[0]!.toUpperCase(), word]));
  return Array.from(group, (character) => {
    const word = word_of.get(character);
    return word === undefined ? say.digit(character) : say.letter(character, word);
  }).join(", ");
}

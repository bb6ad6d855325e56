declare module 'spark-md5' {
  const SparkMD5: {
    /** The MD5 of a text in UTF-8, in hexadecimal digits. */
    hash(text: string): string
  }
  export default SparkMD5
}
